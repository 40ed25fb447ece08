// SPDX-License-Identifier: BSD-3-Clause
//
// All databases, with what they share: the hash seed, the builder of entries, limbo, the access
// clock, and the counters of hits, misses and expiries.
//
// Reading a key goes through find_live(), which knows about expiry; changing one goes through
// engine::KeyEdit.
//
// Owner:   the server.
// Threads: main thread. `seed()` is constant and read by I/O threads.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/memory.h"
#include "base/thread_role.h"
#include "keyspace/access_clock.h"
#include "keyspace/capture.h"
#include "keyspace/database.h"
#include "keyspace/entry_builder.h"
#include "keyspace/limbo.h"
#include "keyspace/settings.h"
#include "structures/slab_pool.h"

namespace millrace::keyspace {

struct KeyspaceCounters {
    uint64_t hits = 0;
    uint64_t misses = 0;
    uint64_t expired = 0;
    uint64_t expired_members = 0;
    uint64_t expire_cycle_microseconds = 0;
    uint64_t expire_time_cap_reached = 0;
    uint64_t evicted = 0;
};

// Why keys that are past their time stay, unseen, until they are overwritten.
enum class KeepExpired : uint8_t { WhileImporting = 1, WhilePaused = 2 };

// Learns of keys that go because their time is over; the engine turns it into an event and a
// propagated DEL.
class ExpiryListener {
public:
    virtual ~ExpiryListener() = default;
    // `entry` has been unlinked from database `db` and is retired after the call.
    virtual void on_expired(int db, const Entry& entry) = 0;
    // Members of the key's collection are gone; with the last of them the key goes too, after the
    // call.
    virtual void on_members_expired(int db, const Entry& entry,
                                    std::span<const std::string> members) = 0;
};

class Keyspace {
public:
    Keyspace(int databases, const SipKey& seed, structures::SlabHeapPool& heaps);
    ~Keyspace();

    const SipKey& seed() const { return seed_; }
    uint64_t hash(std::string_view key) const { return siphash13(key.data(), key.size(), seed_); }

    int database_count() const { return static_cast<int>(databases_.size()); }
    Database& database(int number) { return *databases_[static_cast<size_t>(number)]; }
    const Database& database(int number) const { return *databases_[static_cast<size_t>(number)]; }
    void swap_databases(int first, int second);
    size_t total_size() const;

    // The entry of `key` if it is there and not past its time. One that is past it is removed
    // first, unless there is a reason to keep it.
    Database::Position find_live(int db, std::string_view key, uint64_t hash);
    // The same for a key that is about to change or go; a snapshot has its state first. What is
    // past its time makes room in any case.
    Database::Position find_for_change(int db, std::string_view key, uint64_t hash) {
        const Database::Position position = find_live(db, key, hash);
        if (!position && keep_expired_ != 0) [[unlikely]]
            expire_kept(db, key, hash);
        if (position) before_change(database(db), position);
        return position;
    }
    void before_change(Database& database, Database::Position position) {
        if (!database.is_captured(position)) [[unlikely]]
            capture_.take(database, position, CapturedBy::Change);
    }

    // Unlinks and retires everything of a database; the memory is freed in slices by
    // drain_condemned().
    void flush(int db);
    // Frees part of what flush() left behind; true while there is more.
    bool drain_condemned(size_t segments_max);
    size_t condemned_objects() const;
    bool is_condemned(const Database& database) const;
    // While on, condemned_bytes() knows what is retired from here on.
    void count_condemned(bool on) { counts_condemned_ = on; }
    // Of each database; for the cron. True while there is more to do soon.
    bool tidy_expiry_indexes(size_t segments_max);
    // Bytes that have been given up and are not free yet: in limbo, on their way to the thread that
    // frees them, flushed, or twice there while an index of expiries is made anew. Where
    // collections are large this is an estimate.
    uint64_t condemned_bytes() const;
    // Objects that were freed in the background, or in slices, since the start or the last reset.
    uint64_t lazily_freed() const {
        return lazily_freed_ + reclaimer_.destroyed() - lazily_freed_before_;
    }
    void reset_lazily_freed() { lazily_freed_before_ = lazily_freed_ + reclaimer_.destroyed(); }

    // Takes an unlinked entry; it is freed once no reply refers to it and no snapshot reads it any
    // more.
    void retire(Entry* entry) {
        if (entry->pinned() || counts_condemned_) [[unlikely]] {
            retire_counted(entry);
        } else if (capture_.may_be_read(*entry)) [[unlikely]] {
            capture_.hold(entry);
        } else {
            limbo_.retire(entry);
        }
    }
    // A reply has sent the pinned value of `entry`.
    void unpin(Entry* entry) {
        if (entry->unpin()) retire_unpinned(entry);
    }
    // A snapshot has read the retired `entry`; replies may still refer to it.
    void retire_returned(Entry* entry);
    // Whether a reply or another thread may be reading the value of `entry`.
    bool may_be_referenced(const Entry& entry) const {
        return limbo_.may_be_referenced(entry) || entry.pinned() || capture_.may_be_read(entry);
    }
    Limbo& limbo() { return limbo_; }
    Capture& capture() { return capture_; }
    const Capture& capture() const { return capture_; }
    EntryBuilder& builder() { return builder_; }
    Reclaimer& reclaimer() { return reclaimer_; }
    // When collections leave their compact encodings.
    const EncodingSettings& encodings() const { return *encodings_; }
    void set_encodings(const EncodingSettings& encodings) { encodings_ = &encodings; }
    AccessClock& access_clock() { return access_clock_; }
    structures::SlabHeap& heap() { return heap_; }
    const structures::SlabHeapPool& heaps() const { return heaps_; }
    structures::RemoteFrees& remote_frees() { return *remote_frees_; }
    // Frees the entries of a block released by limbo, on the main thread.
    void free_block(RetiredBlock& block);

    // Removes keys past their time for at most `budget_us`; true when it stopped for lack of time.
    bool expire_due(int64_t budget_us);

    void set_now_ms(int64_t now) { now_ms_ = now; }
    int64_t now_ms() const { return now_ms_; }
    void set_expiry_listener(ExpiryListener* listener) { expiry_listener_ = listener; }
    void keep_expired(KeepExpired why, bool keep) {
        const auto bit = static_cast<uint8_t>(why);
        keep_expired_ = static_cast<uint8_t>(keep ? keep_expired_ | bit : keep_expired_ & ~bit);
    }
    bool keeps_expired() const { return keep_expired_ != 0; }
    // Somebody imports data: what comes past its time is stored all the same.
    bool imports() const {
        return (keep_expired_ & static_cast<uint8_t>(KeepExpired::WhileImporting)) != 0;
    }
    KeyspaceCounters& counters() { return counters_; }

private:
    void retire_counted(Entry* entry);
    void retire_unpinned(Entry* entry);
    uint64_t bytes_of(const Entry& entry) const;
    uint64_t mean_entry_bytes(const Database& database) const;
    void expire(int db, Database::Position position, uint64_t hash);
    void expire_kept(int db, std::string_view key, uint64_t hash);
    void expire_members(int db, uint64_t hash);
    bool look_at_due(int db, uint64_t hint);

    structures::SlabHeapPool& heaps_;
    structures::SlabHeap& heap_;  // The main thread's.
    SipKey seed_;
    Reclaimer reclaimer_;
    EntryBuilder builder_;
    std::unique_ptr<structures::RemoteFrees> remote_frees_;
    std::vector<std::unique_ptr<Database>> databases_;
    struct Condemned {
        std::unique_ptr<Database> database;
        uint64_t bytes_per_entry;  // On average, values included.
    };
    std::vector<Condemned> condemned_;  // Flushed, not yet freed.
    uint64_t detained_bytes_ = 0;       // Retired, but still being sent, or read by a snapshot.
    uint64_t rebuilt_bytes_ = 0;        // Of indexes that are being made anew.
    bool counts_condemned_ = false;
    Limbo limbo_;
    Capture capture_{*this};
    AccessClock access_clock_;
    KeyspaceCounters counters_;
    const EncodingSettings* encodings_ = &kDefaultEncodings;
    ExpiryListener* expiry_listener_ = nullptr;
    int64_t now_ms_ = 0;
    uint64_t lazily_freed_ = 0;
    uint64_t lazily_freed_before_ = 0;
    int expire_next_db_ = 0;
    uint8_t keep_expired_ = 0;  // Of KeepExpired.
};

}  // namespace millrace::keyspace
