// SPDX-License-Identifier: BSD-3-Clause
#include "keyspace/capture.h"

#include <algorithm>

#include "base/prefetch.h"
#include "keyspace/collection.h"
#include "keyspace/keyspace.h"

namespace millrace::keyspace {
namespace {

// Elements looked at to estimate what a collection takes.
constexpr size_t kSamples = 5;
// And roots, to estimate what all keep.
constexpr size_t kRootsLookedAt = 64;

}  // namespace

Capture::~Capture() {
    CHECK(held_.empty());  // The sink is gone, so everything has come back.
}

// --- the walk ---

void Capture::begin(CaptureSink& sink) {
    CHECK(databases_.empty());
    sink_ = &sink;
    position_ = 0;
    // The last is walked first.
    for (int number = keyspace_.database_count() - 1; number >= 0; --number) {
        Database& database = keyspace_.database(number);
        if (database.size() == 0) continue;
        database.begin_capture(number);
        databases_.push_back(&database);
    }
}

void Capture::give_up() {
    sink_ = nullptr;
    // Nobody looks at the bits of what is going to be freed.
    Database* const under_way = databases_.empty() ? nullptr : databases_.back();
    std::erase_if(databases_, [this](Database* database) {
        if (!keyspace_.is_condemned(*database)) return false;
        database->end_capture();
        return true;
    });
    if (databases_.empty() || databases_.back() != under_way) position_ = 0;
}

// Finds the keys of the segment at the walk's position that have not been captured, and fetches
// their entries, so that the waits for them overlap.
void Capture::gather() {
    Database& database = *databases_.back();
    segment_.clear();
    next_position_ = database.table().visit_segment(position_, [&](Database::Position position) {
        if (database.is_captured(position)) return;
        if (sink_ != nullptr) prefetch(position.element());
        segment_.push_back(position);
    });
}

void Capture::finish_segment() {
    position_ = next_position_;
    if (position_ != 0) return;
    databases_.back()->end_capture();
    databases_.pop_back();
}

void Capture::take(Database& database, Database::Position position, CapturedBy by) {
    database.set_captured(position);
    if (sink_ != nullptr) sink_->take(database.capture_number(), *position.element(), by);
}

// --- what other threads read ---

void Capture::handed_over(Entry& entry, uint64_t number) {
    DCHECK(number >= newest_);
    newest_ = number;
    lags_ = true;
    keyspace_.limbo().stamp(entry);
}

const Collection& Capture::freeze(Collection& collection, uint64_t number) {
    DCHECK(number >= newest_);
    newest_ = number;
    lags_ = true;
    Root& root = roots_.emplace_back(Root{number, &collection, collection.freeze()});
    CHECK(by_collection_.emplace(&collection, &root).second);
    return root.version != nullptr ? *root.version : collection;
}

void Capture::unshare(Entry& entry) {
    const auto found = by_collection_.find(entry.collection());
    if (found == by_collection_.end()) return;  // It has been done.
    Root& root = *found->second;
    if (root.version != nullptr) return;
    std::unique_ptr<Collection> clone = root.collection->clone();
    clone->set_expiry_filed_ms(root.collection->expiry_filed_ms());
    entry.set_collection(clone.release());
    root.is_replaced = true;
    by_collection_.erase(found);
}

void Capture::release(Root& root) {
    if (!root.is_replaced) by_collection_.erase(root.collection);
    if (root.version != nullptr) {
        root.collection->thaw();
        keyspace_.reclaimer().give(std::move(root.version));
    }
    if (root.is_replaced) {
        keyspace_.reclaimer().give(std::unique_ptr<Collection>(root.collection));
    }
}

void Capture::hold(Entry* entry) {
    held_.push_back({newest_, entry, 0});
    if (entry->is_string()) return;
    held_.back().collection_bytes = entry->collection()->memory_bytes(kSamples);
    held_collections_bytes_ += held_.back().collection_bytes;
    ++held_collections_;
}

uint64_t Capture::held_collection_bytes() const {
    const size_t looked_at = std::min(roots_.size(), kRootsLookedAt);
    if (looked_at == 0) return held_collections_bytes_;
    uint64_t bytes = 0;
    for (size_t i = 0; i < looked_at; ++i) {
        const Root& root = roots_[i];
        if (root.version != nullptr) bytes += root.version->memory_bytes(kSamples);
        if (root.is_replaced) bytes += root.collection->memory_bytes(kSamples);
    }
    return held_collections_bytes_ + bytes * roots_.size() / looked_at;
}

// Collections end their versions before they may go themselves.
void Capture::returned(uint64_t number) {
    returned_ = std::max(returned_, number);
    if (number >= newest_) lags_ = false;
    while (!roots_.empty() && roots_.front().number <= number) {
        release(roots_.front());
        roots_.pop_front();
    }
}

void Capture::let_first_go() {
    const Held held = held_.front();
    held_.pop_front();
    if (!held.entry->is_string()) {
        held_collections_bytes_ -= held.collection_bytes;
        --held_collections_;
    }
    keyspace_.retire_returned(held.entry);
}

}  // namespace millrace::keyspace
