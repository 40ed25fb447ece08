// SPDX-License-Identifier: BSD-3-Clause
//
// One numbered database: the table of its entries and the index of their expiry times.
//
// It knows nothing of commands, clients or events; whoever changes a key goes through
// engine::KeyEdit. A position is good until the next change of the table.
//
// Owner:   Keyspace.
// Threads: main thread.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/siphash.h"
#include "keyspace/entry.h"
#include "keyspace/expiry_index.h"
#include "structures/hash_table.h"

namespace millrace::keyspace {

// What the table needs to know about entries.
struct EntryTraits {
    using Element = Entry;
    using Key = std::string_view;
    explicit EntryTraits(const SipKey& key) : seed(key) {}
    uint64_t hash(const Entry& entry) const {
        const std::string_view key = entry.key();
        return siphash13(key.data(), key.size(), seed);
    }
    static bool equal(const Entry& entry, std::string_view key) {
        return equal_bytes(entry.key(), key);
    }
    SipKey seed;
};

class Database {
public:
    using Table = structures::HashTable<EntryTraits>;
    using Position = Table::Ref;

    Database(const SipKey& seed, structures::SlabHeap& heap) : table_(heap, EntryTraits(seed)) {}
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    Position find(std::string_view key, uint64_t hash) const { return table_.find(hash, key); }
    [[gnu::always_inline]] void prefetch_bucket(uint64_t hash) const {
        table_.prefetch_bucket(hash);
    }

    // Links `entry` under a key that is absent.
    Position insert(Entry* entry, uint64_t hash);
    // Links `entry` in the place of the one at `position`, which the caller then retires. Same key.
    void replace(Position position, Entry* entry, uint64_t hash);
    // Unlinks the entry at `position`, which the caller then retires or links elsewhere.
    void remove(Position position, uint64_t hash);
    // Notes that the expiry of a linked entry, changed in place, was `before_ms`.
    void expiry_changed(Position position, uint64_t hash, int64_t before_ms);

    // --- snapshots (capture.h); every key that changes has been captured ---

    bool is_captured(Position position) const {
        return (position.tags() & structures::kTagSnapshot) == captured_tag_;
    }
    void set_captured(Position position) {
        table_.set_tags(position, (position.tags() & ~structures::kTagSnapshot) | captured_tag_);
    }
    // All keys belong to the cut, in which this is database `number`; none is captured.
    void begin_capture(int number);
    // All are.
    void end_capture() { capture_number_ = kNotCapturing; }
    bool being_captured() const { return capture_number_ != kNotCapturing; }
    int capture_number() const { return capture_number_; }

    // The fields of a hash, or their expiry, have changed.
    void member_expiry_changed(Entry& entry, uint64_t hash);
    // The hash value of the key whose members are due first at `now_ms`; false: there is none.
    bool first_members_due(int64_t now_ms, uint64_t& hash) const;

    size_t size() const { return table_.size(); }
    // How many keys have left it one by one; a flushed database is as new.
    uint64_t keys_lost() const { return keys_lost_; }
    // Keys with members that expire.
    size_t with_expiring_members() const { return member_expiry_.size(); }
    size_t expiring() const { return expiring_; }
    // Mean time to live of the keys that expire, roughly; 0 when unknown.
    int64_t average_ttl_ms(int64_t now_ms) const;

    Table& table() { return table_; }
    const Table& table() const { return table_; }
    ExpiryIndex& expiry_index() { return expiry_; }
    // Files a key that expires; also used for one whose record has just been taken.
    void file_expiry(uint64_t hash, int64_t expire_at_ms) {
        expiry_.add(hash, expire_at_ms);
        if (rebuilt_ != nullptr) rebuilt_->add(hash, expire_at_ms);
    }
    // Gets rid of stale expiry records once they are too many, `segments_max` of the table at a
    // time.
    void tidy_expiry_index(size_t segments_max);
    // Bytes of the index that is to take the other one's place.
    size_t rebuilt_bytes() const { return rebuilt_ != nullptr ? rebuilt_->memory_bytes() : 0; }

private:
    static constexpr int kNotCapturing = -1;

    // Of a slot that is captured.
    unsigned tags_of(const Entry& entry) const {
        return captured_tag_ | (entry.expire_at_ms() == kNoExpiry ? 0 : structures::kTagHasExpiry);
    }
    void forget_members(Entry& entry, uint64_t hash);
    void count_expiry(int64_t before_ms, int64_t after_ms, uint64_t hash);

    Table table_;
    ExpiryIndex expiry_;
    // While the index is made anew: what will take its place, and how far the walk has come.
    std::unique_ptr<ExpiryIndex> rebuilt_;
    uint64_t rebuild_position_ = 0;
    // When members of a key are due first, with the hash value of the key; one a key.
    std::set<std::pair<int64_t, uint64_t>> member_expiry_;
    size_t expiring_ = 0;
    unsigned captured_tag_ = 0;  // What the snapshot bit of captured slots is.
    int capture_number_ = kNotCapturing;
    uint64_t keys_lost_ = 0;
    // Sum of expiry times, for the average that INFO shows; wraps harmlessly.
    uint64_t expire_at_sum_ms_ = 0;
};

}  // namespace millrace::keyspace
