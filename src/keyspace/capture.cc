// SPDX-License-Identifier: BSD-3-Clause
#include "keyspace/capture.h"

#include <algorithm>

#include "base/prefetch.h"
#include "keyspace/collection.h"
#include "keyspace/keyspace.h"
#include "keyspace/root_sink.h"

namespace millrace::keyspace {

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

void Capture::freeze(const Collection& root, uint64_t number) {
    DCHECK(number >= newest_);
    newest_ = number;
    lags_ = true;
    roots_.emplace_back(&root, number);
}

bool Capture::root_is_frozen(const Collection* root) const {
    return std::any_of(roots_.begin(), roots_.end(),
                       [root](const auto& frozen) { return frozen.first == root; });
}

void Capture::unshare(Entry& entry) {
    Collection* const frozen = entry.collection();
    auto* const sink = dynamic_cast<RootSink*>(sink_);
    if (sink != nullptr && sink->take_back(*frozen)) {
        std::erase_if(roots_, [frozen](const auto& root) { return root.first == frozen; });
        return;
    }
    std::unique_ptr<Collection> clone = frozen->clone();
    clone->set_expiry_filed_ms(frozen->expiry_filed_ms());
    entry.set_collection(clone.release());
    held_roots_.push_back({newest_, std::unique_ptr<Collection>(frozen)});
}

void Capture::returned(uint64_t number) {
    if (number >= newest_) lags_ = false;
    std::erase_if(roots_, [number](const auto& root) { return root.second <= number; });
    while (!held_.empty() && held_.front().number <= number) {
        Entry* const entry = held_.front().entry;
        held_.pop_front();
        keyspace_.retire_returned(entry);
    }
    for (HeldRoot& held : held_roots_) {
        if (held.number <= number) keyspace_.reclaimer().give(std::move(held.root));
    }
    std::erase_if(held_roots_, [](const HeldRoot& held) { return held.root == nullptr; });
}

}  // namespace millrace::keyspace
