// SPDX-License-Identifier: BSD-3-Clause
#include "engine/hot_keys.h"

#include <algorithm>
#include <utility>

#include "base/cycle_clock.h"
#include "engine/engine.h"

namespace millrace::engine {
namespace {

constexpr uint64_t kNever = UINT64_MAX;
constexpr size_t kUsual = structures::HeavyHitters::kNameBytesUsual;

void clear(HotKeys::Item& item) {
    item.amount = 0;
    if (item.key.capacity() <= kUsual) return;
    item.key = std::string();
    item.key.reserve(kUsual);
}

uint64_t& amount(HotKeys::Amounts& amounts, KeyMeasure measure) {
    return amounts[static_cast<size_t>(measure)];
}

}  // namespace

HotKeys::HotKeys(Engine& engine) : engine_(engine), big_keys_(engine.keyspace()) {
    configure(engine.settings());
}

void HotKeys::configure(const Settings& settings) {
    const auto keys_shown = static_cast<size_t>(settings.hotkey_top_k);
    const int64_t window_ms = settings.hotkey_window_seconds * 1000;
    if (keys_shown == keys_shown_ && window_ms == window_ms_) return;
    keys_shown_ = keys_shown;
    window_ms_ = window_ms;
    gap_ = kGapMost;
    // All the memory that is needed for names of the usual length is there from the start.
    for (std::vector<Item>& top : last_.top) {
        top.resize(keys_shown_);
        top.shrink_to_fit();
        for (Item& each : top) each.key.reserve(kUsual);
    }
    reset();
    left_ = next_gap(1);
    if (!enabled()) big_keys_.clear();
}

// --- what is looked at ---

uint64_t HotKeys::random() {
    random_ ^= random_ << 13;
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    return random_;
}

// A gap at random, so that no rhythm of the clients can hide a key. `passed` commands of it belong
// to the batch in which the last one was chosen; one batch has one at most.
uint64_t HotKeys::next_gap(size_t passed) {
    if (!enabled()) return kNever;
    if (samples_ > kSamplesWanted) gap_ = kGapMost;
    const uint64_t gap = 1 + random() % (2 * gap_ - 1);
    weight_ = std::max<uint64_t>(gap, passed);
    return weight_ - passed;
}

HotKeys::Sample::Sample(HotKeys& keys, const Request& request) : keys_(keys), request_(request) {
    if (request.kind != RequestKind::Command || request.command == nullptr) return;
    const Session* session =
        keys.engine_.sessions().find(request.client, request.client_generation);
    if (session == nullptr || request.faults != 0) return;
    db_ = session->database;
    weight_ = keys.weight_;
    produced_ = session->produced_bytes;
    begin_ = CycleClock::now();
}

HotKeys::Sample::~Sample() {
    if (db_ < 0) return;
    const uint64_t nanoseconds = CycleClock::to_nanoseconds(CycleClock::now() - begin_);
    const Session* session =
        keys_.engine_.sessions().find(request_.client, request_.client_generation);
    if (session == nullptr) return;
    ++keys_.samples_;
    Amounts amounts{};
    amount(amounts, KeyMeasure::Calls) = weight_;
    if (nanoseconds < kSlowNs) {
        amount(amounts, KeyMeasure::Time) = nanoseconds * weight_;
        amount(amounts, KeyMeasure::Read) = (session->produced_bytes - produced_) * weight_;
        if (request_.command->has(kWrite)) {
            amount(amounts, KeyMeasure::Written) = request_.wire_bytes * weight_;
        }
    }
    keys_.add(db_, request_, amounts);
}

void HotKeys::note_slow(const Session& session, const Request& request, uint64_t nanoseconds,
                        uint64_t reply_bytes) {
    if (!enabled() || request.command == nullptr) return;
    ++slow_commands_;
    Amounts amounts{};
    amount(amounts, KeyMeasure::Time) = nanoseconds;
    amount(amounts, KeyMeasure::Read) = reply_bytes;
    if (request.command->has(kWrite)) amount(amounts, KeyMeasure::Written) = request.wire_bytes;
    add(session.database, request, amounts);
}

void HotKeys::add(int db, const Request& request, const Amounts& amounts) {
    refresh();
    for (size_t i = 0; i < kMeasures; ++i) total_[i] += amounts[i];
    positions_.clear();
    if (!find_keys(*request.command, request.arguments(), positions_)) return;
    const size_t count = positions_.all().size();
    for (const KeyPosition& each : positions_.all()) {
        const auto at = static_cast<size_t>(each.at);
        const std::string_view key = request.words[at];
        const uint64_t hash = engine_.keyspace().hash(key);
        for (size_t i = 0; i < kMeasures; ++i) {
            const bool is_shared = static_cast<KeyMeasure>(i) != KeyMeasure::Calls;
            hitters_[i].add(hash, db, key, is_shared ? amounts[i] / count : amounts[i]);
        }
    }
}

// --- windows ---

void HotKeys::begin_window() {
    for (structures::HeavyHitters& each : hitters_) each.clear();
    total_ = {};
    samples_ = 0;
    slow_commands_ = 0;
    commands_before_ = engine_.counters().commands_processed;
    began_ms_ = engine_.now_ms();
}

void HotKeys::refresh() {
    if (!enabled()) return;
    const int64_t passed_ms = engine_.now_ms() - began_ms_;
    if (passed_ms < 0 || passed_ms >= window_ms_) end_window();
}

void HotKeys::end_window() {
    freeze(std::max<int64_t>(engine_.now_ms() - began_ms_, 1));
    const uint64_t commands = engine_.counters().commands_processed - commands_before_;
    gap_ = std::clamp<uint64_t>(commands / kSamplesWanted, 1, kGapMost);
    begin_window();
    left_ = next_gap(1);
}

void HotKeys::freeze(int64_t milliseconds) {
    for (size_t i = 0; i < kMeasures; ++i) {
        const auto found = hitters_[i].top(keys_shown_);
        for (size_t at = 0; at < keys_shown_; ++at) {
            Item& item = last_.top[i][at];
            if (at >= found.size()) {
                clear(item);
                continue;
            }
            item.key.assign(found[at]->name);
            item.db = found[at]->group;
            item.amount = found[at]->sum;
        }
    }
    last_.total = total_;
    last_.samples = samples_;
    last_.slow_commands = slow_commands_;
    last_.milliseconds = milliseconds;
}

void HotKeys::reset() {
    for (std::vector<Item>& top : last_.top) {
        for (Item& each : top) clear(each);
    }
    last_.total = {};
    last_.samples = 0;
    last_.slow_commands = 0;
    last_.milliseconds = 0;
    begin_window();
}

uint64_t HotKeys::per_second(uint64_t amount) const {
    if (last_.milliseconds == 0) return 0;
    return amount * 1000 / static_cast<uint64_t>(last_.milliseconds);
}

}  // namespace millrace::engine
