// SPDX-License-Identifier: BSD-3-Clause
#include "engine/effects.h"

namespace millrace::engine {

void Effects::record(int db, std::span<const std::string_view> words, bool for_replicas_only) {
    if (!wanted() || muted_) return;
    recorded_.push_back(
        {db, stretches_.size(), words.size(), for_replicas_only || for_replicas_only_});
    for (std::string_view word : words) {
        stretches_.push_back({bytes_.size(), word.size()});
        bytes_.append(word);
    }
}

void Effects::end_unit() {
    muted_ = false;
    for_replicas_only_ = false;
    if (recorded_.empty()) return;
    // Only now do the bytes stay where they are, so that words may point to them.
    words_.clear();
    for (const Stretch& stretch : stretches_)
        words_.emplace_back(bytes_.data() + stretch.offset, stretch.bytes);
    effects_.clear();
    for (const Recorded& recorded : recorded_) {
        const auto words = std::span<const std::string_view>(words_);
        effects_.push_back({recorded.db, words.subspan(recorded.first_word, recorded.word_count),
                            recorded.for_replicas_only});
    }
    for (EffectSink* sink : sinks_) sink->on_unit(effects_);
    recorded_.clear();
    stretches_.clear();
    bytes_.clear();
}

}  // namespace millrace::engine
