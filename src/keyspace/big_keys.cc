// SPDX-License-Identifier: BSD-3-Clause
#include "keyspace/big_keys.h"

#include <algorithm>
#include <utility>

#include "base/cycle_clock.h"
#include "base/prefetch.h"
#include "keyspace/collection.h"

namespace millrace::keyspace {
namespace {

// A call visits so many segments of about a hundred keys, as long as it has taken no longer than
// this: a thousandth of the time between two calls. Keys whose memory is far cost microseconds
// each, so one segment may take longer; the next calls make up for it.
constexpr int kSegmentsPerCall = 8;
constexpr uint64_t kCallNsMax = 100000;
constexpr uint64_t kOwedCallsMax = 50;
constexpr size_t kElementSamples = 5;
// Less is no big key, however small the others are.
constexpr uint64_t kBytesMin = 1024;

bool larger(const BigKeys::Item& left, const BigKeys::Item& right) {
    return left.bytes > right.bytes;
}

}  // namespace

BigKeys::BigKeys(Keyspace& keyspace) : keyspace_(keyspace) {
    // So that what it takes does not depend on what has been.
    entries_.reserve(structures::HashTableCore::kSegmentSlots);
}

uint64_t BigKeys::bytes_of(const Entry& entry) const {
    uint64_t bytes = keyspace_.builder().memory_bytes(entry);
    if (!entry.is_string() && entry.collection() != nullptr) {
        bytes += entry.collection()->memory_bytes(kElementSamples);
    }
    return bytes;
}

void BigKeys::note(int db, const Entry& entry) {
    const uint64_t bytes = bytes_of(entry);
    if (bytes < kBytesMin) return;
    if (found_.size() == kKeysMax && bytes <= found_.front().bytes) return;
    const std::string_view key = entry.key();
    const auto same = std::find_if(found_.begin(), found_.end(), [&](const Item& each) {
        return each.db == db && each.key == key;
    });
    if (same != found_.end()) {
        same->bytes = bytes;
        std::make_heap(found_.begin(), found_.end(), larger);
        return;
    }
    if (found_.size() == kKeysMax) {
        std::pop_heap(found_.begin(), found_.end(), larger);
        found_.pop_back();
    }
    found_.push_back({.key = std::string(key), .db = db, .bytes = bytes});
    std::push_heap(found_.begin(), found_.end(), larger);
}

// Entries are fetched all together before they are looked at. True at the end of a pass.
bool BigKeys::visit_segment() {
    while (keyspace_.database(db_).size() == 0) {
        if (end_database()) return true;
    }
    entries_.clear();
    position_ =
        keyspace_.database(db_).table().visit_segment(position_, [&](Database::Position position) {
            prefetch(position.element());
            entries_.push_back(position.element());
        });
    for (const Entry* entry : entries_) {
        if (!entry->is_string()) prefetch(entry->collection());
    }
    for (const Entry* entry : entries_) note(db_, *entry);
    return position_ == 0 && end_database();
}

// True if it was the last one.
bool BigKeys::end_database() {
    position_ = 0;
    db_ = (db_ + 1) % keyspace_.database_count();
    if (db_ != 0) return false;
    before_ = std::exchange(found_, {});
    ++passes_;
    return true;
}

void BigKeys::walk() {
    if (owed_calls_ > 0) {
        --owed_calls_;
        return;
    }
    const uint64_t begin = CycleClock::now();
    uint64_t spent_ns = 0;
    for (int i = 0; i < kSegmentsPerCall && spent_ns <= kCallNsMax; ++i) {
        if (visit_segment()) break;
        spent_ns = CycleClock::to_nanoseconds(CycleClock::now() - begin);
    }
    owed_calls_ = std::min(spent_ns / kCallNsMax, kOwedCallsMax);
}

void BigKeys::walk_all() {
    while (!visit_segment()) {
    }
}

void BigKeys::clear() {
    before_ = {};
    found_ = {};
}

std::vector<BigKeys::Item> BigKeys::top(size_t count) {
    List all;
    for (const List* list : {&found_, &before_}) {
        for (const Item& each : *list) {
            const auto position =
                keyspace_.database(each.db).find(each.key, keyspace_.hash(each.key));
            if (!position) continue;
            const Entry* entry = position.element();
            const bool known = std::any_of(all.begin(), all.end(),
                                           [&](const Item& one) { return one.entry == entry; });
            if (known) continue;
            all.push_back(
                {.key = each.key, .db = each.db, .bytes = bytes_of(*entry), .entry = entry});
            all.back().elements =
                entry->is_string() ? entry->string_bytes() : entry->collection()->size();
        }
    }
    std::sort(all.begin(), all.end(), larger);
    if (all.size() > count) all.resize(count);
    return all;
}

}  // namespace millrace::keyspace
