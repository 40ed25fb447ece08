// SPDX-License-Identifier: BSD-3-Clause
#include "server/defragmenter.h"

#include <algorithm>
#include <utility>

#include "base/cycle_clock.h"
#include "base/memory.h"

namespace millrace::server {
namespace {

// Without settings: from so much waste on, if it is a fifth of the pages, for so much of the time;
// for more of it if it is half.
constexpr uint64_t kWasteBytesMin = uint64_t{4} << 20;
constexpr uint64_t kWastePart = 5;
constexpr int64_t kUnaskedPercent = 10;
constexpr int64_t kUnaskedPercentMost = 20;
// While hardly anybody asks for anything: not more commands than this between two slices, or two
// decisions. Then less waste is worth the time.
constexpr int64_t kQuietPercent = 60;
constexpr uint64_t kFewCommands = 16;
// After so many decisions of the kind in a row blocks at hand are given up, since they keep pages.
constexpr uint64_t kQuietDecisions = 3;
constexpr uint64_t kQuietWasteBytesMin = uint64_t{1} << 20;
constexpr uint64_t kQuietWastePart = 16;
// Of what the general allocator has, every so many decisions.
constexpr uint64_t kQuietGeneralWastePart = 32;
constexpr uint64_t kQuietDecisionsPerLook = 10;
constexpr int64_t kUnaskedSliceUs = 300;
// The loop sleeps a millisecond at least, so that shorter ones would leave most of the time unused.
constexpr int64_t kQuietSliceUs = 800;
constexpr size_t kTrimBytesPerSlice = size_t{256} << 10;
// After a round waste must have grown by so much, or a part of the pages, to be worth another one.
constexpr uint64_t kWasteGrowthMin = uint64_t{2} << 20;
constexpr uint64_t kWasteGrowthPart = 16;
constexpr uint64_t kAskedWasteGrowthMin = uint64_t{1} << 20;
// What has been free for a second, and is more than this and a part of the pages, is given back.
constexpr uint64_t kFreeBytesKept = uint64_t{4} << 20;
constexpr uint64_t kFreePartKept = 16;
constexpr int64_t kFreeForMs = 1000;
// A table with fewer of its places taken is too large.
constexpr uint64_t kTableFillPercentMin = 25;
constexpr uint64_t kTableBytesMin = uint64_t{256} << 10;

bool too_large(const keyspace::Database& database) {
    const uint64_t bytes = database.table().memory_bytes();
    if (bytes < kTableBytesMin) return false;
    using structures::HashBucket;
    const uint64_t places = bytes / sizeof(HashBucket) * HashBucket::kSlots;
    return database.size() * 100 < places * kTableFillPercentMin;
}

uint64_t table_bytes(const keyspace::Keyspace& keyspace) {
    uint64_t total = 0;
    for (int db = 0; db < keyspace.database_count(); ++db) {
        total += keyspace.database(db).table().memory_bytes();
    }
    return total;
}

}  // namespace

int64_t Defragmenter::percent_by_waste(bool quiet) {
    const structures::SlabHeapPool::Filling filling = heaps_.filling();
    const uint64_t waste = filling.waste_bytes();
    waste_left_ = std::min(waste_left_, waste);
    if (tables_too_large()) return kUnaskedPercentMost;
    const uint64_t part = filling.page_bytes / (quiet ? kQuietWastePart : kWastePart);
    if (waste < (quiet ? kQuietWasteBytesMin : kWasteBytesMin) || waste < part) return 0;
    const uint64_t growth = std::max(kWasteGrowthMin, filling.page_bytes / kWasteGrowthPart);
    if (waste < waste_left_ + growth) return 0;
    return waste > filling.page_bytes / 2 ? kUnaskedPercentMost : kUnaskedPercent;
}

Defragmenter::Use Defragmenter::everywhere() const {
    const AllocatorStatistics memory = allocator_statistics();
    const uint64_t active = memory.active + heaps_.filling().page_bytes - heaps_.mapped_bytes();
    return {active - std::min(memory.allocated, active), memory.allocated};
}

// Whether what collections consist of stands in pages that are worth being filled better.
bool Defragmenter::collections_are_sparse() {
    const Use use = everywhere();
    const uint64_t waste = use.waste - std::min(use.waste, heaps_.filling().waste_bytes());
    general_waste_left_ = std::min(general_waste_left_, waste);
    const uint64_t part = std::max(kQuietWasteBytesMin, use.live / kQuietGeneralWastePart);
    return waste >= general_waste_left_ + part;
}

// Compat: from the lower threshold to the upper one it takes from the least to the most of the
// time.
int64_t Defragmenter::percent_by_settings() {
    if (!settings_.activedefrag) return 0;
    const auto [waste, live] = everywhere();
    asked_waste_left_ = std::min(asked_waste_left_, waste);
    const auto fragmented = static_cast<int64_t>(waste * 100 / std::max<uint64_t>(live, 1));
    if (waste < settings_.ignore_bytes || fragmented < settings_.threshold_lower) return 0;
    if (waste < asked_waste_left_ + kAskedWasteGrowthMin && percent_ == 0) return 0;
    const int64_t span =
        std::max<int64_t>(settings_.threshold_upper - settings_.threshold_lower, 1);
    const int64_t above = std::min(fragmented - settings_.threshold_lower, span);
    return settings_.cycle_min + (settings_.cycle_max - settings_.cycle_min) * above / span;
}

void Defragmenter::decide() {
    const int64_t asked = percent_by_settings();
    const uint64_t commands = engine_.counters().commands_processed;
    const bool quiet = commands - std::exchange(commands_decided_, commands) <= kFewCommands;
    quiet_decisions_ = quiet ? quiet_decisions_ + 1 : 0;
    if (quiet_decisions_ == kQuietDecisions) drop_thread_cache();
    // A round goes on to its end, unless it was only worth it while it disturbed nobody.
    const bool under_way = percent_ > 0 && (quiet || !only_while_quiet_);
    if (!under_way) {
        only_while_quiet_ = quiet && percent_by_waste(false) == 0;
        percent_ = percent_by_waste(quiet);
        renewing_ = only_while_quiet_ &&
                    quiet_decisions_ % kQuietDecisionsPerLook == kQuietDecisions + 1 &&
                    collections_are_sparse();
        if (renewing_) percent_ = kUnaskedPercent;
        waste_at_begin_ = heaps_.filling().waste_bytes();
    }
    compaction_.set_renewing(asked > 0 || renewing_);
    percent_ = std::max(asked, percent_);
    engine_.server().defrag.running_percent = percent_;
    trim_if_idle();
}

// Pages that nobody has needed for a second are given back; those that come and go are kept.
void Defragmenter::trim_if_idle() {
    const structures::SlabHeapPool::Filling filling = heaps_.filling();
    const uint64_t free =
        filling.resident_bytes - std::min(filling.page_bytes, filling.resident_bytes);
    free_lowest_ = std::min(free_lowest_, free);
    const int64_t now_ms = engine_.now_ms();
    if (now_ms - free_since_ms_ < kFreeForMs && now_ms >= free_since_ms_) return;
    if (free_lowest_ > kFreeBytesKept + filling.page_bytes / kFreePartKept) {
        trimming_ = true;
        pipeline_.tidy_threads();
    }
    free_lowest_ = free;
    free_since_ms_ = now_ms;
}

bool Defragmenter::tables_too_large() const {
    if (!engine_.debug_switches().table_resizing) return false;
    const keyspace::Keyspace& keyspace = engine_.keyspace();
    for (int db = 0; db < keyspace.database_count(); ++db) {
        if (too_large(keyspace.database(db))) return table_bytes(keyspace) != table_bytes_left_;
    }
    return false;
}

// Lets tables shrink and their segments move together; true when all have been gone through and
// none is too large.
bool Defragmenter::tidy_tables(uint64_t budget_ns) {
    keyspace::Keyspace& keyspace = engine_.keyspace();
    const uint64_t begin = CycleClock::now();
    for (;;) {
        auto& table = keyspace.database(db_).table();
        if (db_ == 0 && position_ == 0) table_bytes_before_ = table_bytes(keyspace);
        position_ = table.size() == 0 ? 0 : table.shrink_step(position_);
        if (position_ == 0) {
            db_ = (db_ + 1) % keyspace.database_count();
            if (db_ == 0) return end_table_pass();
        }
        if (CycleClock::to_nanoseconds(CycleClock::now() - begin) >= budget_ns) return false;
    }
}

bool Defragmenter::end_table_pass() {
    const uint64_t bytes = table_bytes(engine_.keyspace());
    if (bytes >= table_bytes_before_) table_bytes_left_ = bytes;
    return !tables_too_large();
}

void Defragmenter::finish_walk() {
    observe::DefragCounters& counters = engine_.server().defrag;
    engine_.keyspace().heap().empty_magazines();
    const structures::SlabHeapPool::Filling filling = heaps_.filling();
    waste_left_ = filling.waste_bytes();
    // A round that was worth it leaves pages that another one can fill better.
    const uint64_t gain = std::max(kWasteGrowthMin, filling.page_bytes / kWasteGrowthPart);
    if (waste_left_ + gain <= waste_at_begin_) waste_left_ = 0;
    asked_waste_left_ = everywhere().waste;
    if (renewing_) {
        general_waste_left_ =
            asked_waste_left_ - std::min(asked_waste_left_, filling.waste_bytes());
    }
    renewing_ = false;
    counters.total_us += counters.current_us;
    counters.current_us = 0;
    counters.running_percent = 0;
    percent_ = 0;
    in_tables_ = true;
    trimming_ = true;
    pipeline_.tidy_threads();
}

void Defragmenter::slice() {
    observe::DefragCounters& counters = engine_.server().defrag;
    const uint64_t begin = CycleClock::now();
    if (percent_ > 0) {
        const int64_t unasked_us = quiet_ ? kQuietSliceUs : kUnaskedSliceUs;
        const int64_t slice_us = settings_.activedefrag ? settings_.cycle_us : unasked_us;
        const uint64_t budget_ns = static_cast<uint64_t>(slice_us) * 1000;
        const bool ended = !in_tables_ && compaction_.run(budget_ns);
        if (in_tables_) in_tables_ = !tidy_tables(budget_ns);
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

int64_t Defragmenter::percent_of_time() {
    const uint64_t commands = engine_.counters().commands_processed;
    quiet_ = commands - std::exchange(commands_before_, commands) <= kFewCommands;
    const int64_t percent = percent_ > 0 ? percent_ : kUnaskedPercent;
    return quiet_ && !settings_.activedefrag ? std::max(percent, kQuietPercent) : percent;
}

int64_t Defragmenter::run(int64_t now_us, int64_t wait_us) {
    if (percent_ == 0 && !trimming_) return wait_us;
    if (now_us >= next_slice_us_) {
        slice();
        const int64_t end_us = engine_.time().monotonic_nanoseconds() / 1000;
        const int64_t percent = percent_of_time();
        next_slice_us_ = end_us + (end_us - now_us) * (100 - percent) / percent;
        now_us = end_us;
        if (percent_ == 0 && !trimming_) return wait_us;
    }
    return std::min(wait_us, std::max<int64_t>(next_slice_us_ - now_us, 0));
}

}  // namespace millrace::server
