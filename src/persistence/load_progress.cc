// SPDX-License-Identifier: BSD-3-Clause
#include "persistence/load_progress.h"

#include <algorithm>
#include <utility>

namespace millrace::persistence {

LoadProgress::LoadProgress(engine::Engine& engine, Rules rules, uint64_t bytes_total)
    : engine_(engine), rules_(std::move(rules)), total_(bytes_total) {
    engine_.set_condition(engine::kLoadingData, true);
    const engine::TimeSource& time = engine_.time();
    rules_.marks = {.active = true,
                                .begin_unix_seconds = time.wall_microseconds() / 1000000,
                                .begin_monotonic_ns = time.monotonic_nanoseconds(),
                                .now_monotonic_ns = time.monotonic_nanoseconds(),
                                .bytes_total = bytes_total};
    next_ = static_cast<uint64_t>(std::max<int64_t>(rules_.interval_bytes, 1));
}

LoadProgress::~LoadProgress() {
    engine_.set_condition(engine::kLoadingData, false);
    rules_.marks.active = false;
}

void LoadProgress::serve(uint64_t bytes) {
    const uint64_t loaded = begun_ + bytes;
    next_ = loaded + static_cast<uint64_t>(std::max<int64_t>(rules_.interval_bytes, 1));
    observe::LoadingMarks& marks = rules_.marks;
    marks.bytes_loaded = std::min(loaded, total_);
    marks.now_monotonic_ns = engine_.time().monotonic_nanoseconds();
    engine_.clients().serve_while_busy();
    if (rules_.attend) rules_.attend();
    // What the clients asked took its own time; what is loaded lives at its own.
    engine_.begin_batch();
}

}  // namespace millrace::persistence
