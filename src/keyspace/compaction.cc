// SPDX-License-Identifier: BSD-3-Clause
#include "keyspace/compaction.h"

#include <cstring>
#include <optional>

#include "base/cycle_clock.h"
#include "base/memory.h"
#include "base/prefetch.h"
#include "keyspace/collection.h"

namespace millrace::keyspace {
namespace {

// A collection of more allocations is not made anew as a whole: that would hold the loop for too
// long.
constexpr size_t kBlocksMax = 1024;

}  // namespace

bool Compaction::run(uint64_t budget_ns) {
    const uint64_t begin = CycleClock::now();
    const auto is_over = [&] {
        return CycleClock::to_nanoseconds(CycleClock::now() - begin) >= budget_ns;
    };
    std::optional<NoThreadCache> no_cache;
    if (renewing_) no_cache.emplace();
    bool stopped = false;
    for (;;) {
        Database& database = keyspace_.database(db_);
        if (database.size() > 0) {
            stopped = !visit_segment(database, is_over);
            if (stopped) break;
        } else {
            position_ = 0;
        }
        if (position_ == 0) {
            db_ = (db_ + 1) % keyspace_.database_count();
            if (db_ == 0) break;
        }
        if (is_over()) break;
    }
    keyspace_.remote_frees().flush();
    const bool ended = !stopped && !under_way();
    if (ended) {
        sparse_ = {};
        seen_ = {};
    }
    return ended;
}

// Entries are touched only if they are to move, and all of a segment are fetched first. False: the
// time is over, and what has not moved is visited again.
template <typename IsOver>
bool Compaction::visit_segment(Database& database, IsOver&& is_over) {
    const structures::SlabHeap& heap = keyspace_.heap();
    sparse_.clear();
    seen_.clear();
    uint64_t seen = 0;
    const auto look_at = [&](Database::Position position) {
        ++seen;
        const bool sparse = heap.is_in_sparse_page(position.element());
        if (!sparse && !renewing_) return;
        prefetch(position.element());
        if (sparse) sparse_.push_back(position);
        if (renewing_) seen_.push_back(position);
    };
    const uint64_t next = database.table().visit_segment(position_, look_at);
    uint64_t moved = 0;
    bool stopped = false;
    for (size_t i = 0; i < sparse_.size() && !stopped; ++i) {
        const bool did_move = move(database, sparse_[i]);
        moved += did_move;
        stopped = did_move && is_over();
    }
    counters_.moved += moved;
    counters_.keys_moved += moved;
    if (stopped || !renew_seen(is_over)) return false;
    position_ = next;
    counters_.left += seen - moved;
    counters_.keys_left += seen - moved;
    return true;
}

// False: the time is over, and the segment is visited again.
template <typename IsOver>
bool Compaction::renew_seen(IsOver&& is_over) {
    while (renewed_ < seen_.size()) {
        if (renew(*seen_[renewed_].element())) ++renewed_;
        if (is_over() && renewed_ < seen_.size()) return false;
    }
    renewed_ = 0;
    renew_position_ = 0;
    return true;
}

bool Compaction::move(Database& database, Database::Position position) {
    Entry* entry = position.element();
    if (keyspace_.may_be_referenced(*entry)) return false;
    structures::SlabHeap& heap = keyspace_.heap();
    void* moved = nullptr;
    if (heap.owns(entry)) {
        moved = heap.move_if_sparse(entry);
        if (moved == nullptr) return false;
    } else {
        const size_t bytes = heap.object_bytes(entry);
        moved = heap.allocate(bytes);
        std::memcpy(moved, static_cast<const void*>(entry), bytes);
        keyspace_.remote_frees().add(entry);
    }
    database.table().replace(position, static_cast<Entry*>(moved), position.tags());
    return true;
}

// A step of it; true when the entry has had its last one.
bool Compaction::renew(Entry& entry) {
    const bool any = !entry.is_string() && entry.collection() != nullptr;
    if (!any || keyspace_.may_be_referenced(entry)) {
        renew_position_ = 0;
        return true;
    }
    const size_t blocks = entry.collection()->blocks();
    if (blocks > kBlocksMax) {
        renew_position_ = entry.collection()->renew_step(renew_position_);
        if (renew_position_ != 0) return false;
    } else {
        const std::unique_ptr<Collection> old(entry.collection());
        std::unique_ptr<Collection> fresh = old->clone();
        fresh->set_expiry_filed_ms(old->expiry_filed_ms());
        entry.set_collection(fresh.release());
    }
    renew_position_ = 0;
    counters_.moved += blocks;
    ++counters_.keys_moved;
    return true;
}

}  // namespace millrace::keyspace
