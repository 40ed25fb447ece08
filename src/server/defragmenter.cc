// SPDX-License-Identifier: BSD-3-Clause
#include "server/defragmenter.h"

#include <algorithm>
#include <utility>

#include "base/cycle_clock.h"
#include "base/memory.h"

namespace millrace::server {
namespace {

// Without settings: from so much waste on, if it is a quarter of the pages, for so much of the
// time.
constexpr uint64_t kWasteBytesMin = uint64_t{32} << 20;
constexpr int64_t kUnaskedPercent = 10;
constexpr int64_t kUnaskedSliceUs = 300;
constexpr size_t kTrimBytesPerSlice = size_t{2} << 20;
// After a walk waste must have grown by so much before it is worth another one.
constexpr uint64_t kWasteGrowthMin = uint64_t{8} << 20;

}  // namespace

int64_t Defragmenter::percent_by_waste() {
    const structures::SlabHeapPool::Filling filling = heaps_.filling();
    const uint64_t waste = filling.waste_bytes();
    waste_left_ = std::min(waste_left_, waste);
    if (waste < kWasteBytesMin || waste < filling.page_bytes / 4) return 0;
    if (waste < waste_left_ + kWasteGrowthMin) return 0;
    return kUnaskedPercent;
}

// Compat: from the lower threshold to the upper one it takes from the least to the most of the
// time.
int64_t Defragmenter::percent_by_settings() {
    if (!settings_.activedefrag) return 0;
    AllocatorStatistics memory = allocator_statistics();
    memory.active += heaps_.filling().page_bytes - heaps_.mapped_bytes();
    const uint64_t waste = memory.active - std::min(memory.allocated, memory.active);
    asked_waste_left_ = std::min(asked_waste_left_, waste);
    const auto fragmented =
        static_cast<int64_t>(waste * 100 / std::max<uint64_t>(memory.allocated, 1));
    if (waste < settings_.ignore_bytes || fragmented < settings_.threshold_lower) return 0;
    if (waste < asked_waste_left_ + kWasteGrowthMin / 8 && percent_ == 0) return 0;
    const int64_t span =
        std::max<int64_t>(settings_.threshold_upper - settings_.threshold_lower, 1);
    const int64_t above = std::min(fragmented - settings_.threshold_lower, span);
    return settings_.cycle_min + (settings_.cycle_max - settings_.cycle_min) * above / span;
}

void Defragmenter::decide() {
    const int64_t asked = percent_by_settings();
    compaction_.set_renewing(asked > 0);
    if (compaction_.under_way()) {  // A walk goes on to its end, unless the setting was taken back.
        percent_ = std::max(asked, percent_);
    } else {
        percent_ = std::max(asked, percent_by_waste());
    }
    engine_.server().defrag.running_percent = percent_;
}

void Defragmenter::finish_walk() {
    observe::DefragCounters& counters = engine_.server().defrag;
    waste_left_ = heaps_.filling().waste_bytes();
    const AllocatorStatistics memory = allocator_statistics();
    const uint64_t active = memory.active + heaps_.filling().page_bytes - heaps_.mapped_bytes();
    asked_waste_left_ = active - std::min(memory.allocated, active);
    counters.total_us += counters.current_us;
    counters.current_us = 0;
    counters.running_percent = 0;
    percent_ = 0;
    trimming_ = true;
    pipeline_.tidy_threads();
}

void Defragmenter::slice() {
    observe::DefragCounters& counters = engine_.server().defrag;
    const uint64_t begin = CycleClock::now();
    if (percent_ > 0) {
        const int64_t slice_us = settings_.activedefrag ? settings_.cycle_us : kUnaskedSliceUs;
        const bool ended = compaction_.run(static_cast<uint64_t>(slice_us) * 1000);
        const keyspace::Compaction::Counters done = std::exchange(compaction_.counters(), {});
        counters.hits += done.moved;
        counters.misses += done.left;
        counters.key_hits += done.keys_moved;
        counters.key_misses += done.keys_left;
        const uint64_t spent_us = CycleClock::to_nanoseconds(CycleClock::now() - begin) / 1000;
        counters.current_us += spent_us;
        engine_.latency().record("active-defrag-cycle", engine_.now_us() / 1000000,
                                 static_cast<int64_t>(spent_us / 1000));
        if (ended) finish_walk();
    }
    if (trimming_) {
        trimming_ = engine_.keyspace().heap().trim_some(kTrimBytesPerSlice) >= kTrimBytesPerSlice;
    }
}

int64_t Defragmenter::run(int64_t now_us, int64_t wait_us) {
    if (percent_ == 0 && !trimming_) return wait_us;
    if (now_us >= next_slice_us_) {
        slice();
        const int64_t end_us = engine_.time().monotonic_nanoseconds() / 1000;
        const int64_t percent = percent_ > 0 ? percent_ : kUnaskedPercent;
        next_slice_us_ = end_us + (end_us - now_us) * (100 - percent) / percent;
        now_us = end_us;
        if (percent_ == 0 && !trimming_) return wait_us;
    }
    return std::min(wait_us, std::max<int64_t>(next_slice_us_ - now_us, 0));
}

}  // namespace millrace::server
