// SPDX-License-Identifier: BSD-3-Clause
//
// Which keys may be due: a timing wheel of hash hints, four bytes a key.
//
// Terms. A *record* is the top 24 and the low 8 bits of a key's hash, filed under a time at or
// before the key's expiry. A record says "look there": the table is asked for the entries that its
// hint allows, and the entry's own expiry decides. So records may be stale (the key is gone, lives
// longer now, or has another record) but none may be missing.
//
// The wheel has three rings of slots and a far list:
//
//     256 slots of 128 ms | 256 slots of 33 s | 256 slots of 2.3 h | everything later
//
// A slot of a coarser ring becomes due when its first moment comes; the caller looks at its keys
// and files those that live on again, now in the finer ring. That is one table lookup a record and
// ring, at most three in a key's life, in slices.
//
// Stale records are bounded: the caller rebuilds the index from the table when wasteful() says so.
//
// Owner:   Database.
// Threads: main thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace millrace::keyspace {

class ExpiryIndex {
public:
    // Files a key under `expire_at_ms`; times in the past count as due now.
    void add(uint64_t hash, int64_t expire_at_ms);

    // The next record whose time has come at `now_ms`: true and its hint, a hash with only
    // kHintTopBits and the low 8 bits known. The caller looks at the keys that it allows, and files
    // those that live on again with add().
    bool take_due(int64_t now_ms, uint64_t& hint);
    static constexpr int kHintTopBits = 24;
    // Whether a key of this hash may be the one that a hint means: all the bits agree that it has.
    static bool allows(uint64_t hint, uint64_t hash) {
        return ((hash ^ hint) >> (64 - kHintTopBits)) == 0 && ((hash ^ hint) & 0xff) == 0;
    }

    // Whether take_due() would find something.
    bool has_due(int64_t now_ms);

    // --- for eviction ---

    // Takes a record from among the first to become due; `fine`: none is due more than a tick
    // earlier. Of a coarse slot it is any one. The caller files again what it does not remove.
    bool take_earliest(uint64_t entropy, uint64_t& hint, bool& fine);
    // About when that one becomes due; the largest number if there is none.
    int64_t earliest_ms() const;
    // A record at random, which stays.
    bool random(uint64_t entropy, uint64_t& hint) const;

    size_t records() const { return records_; }
    // A quarter as many records again as `keys` that expire, and some: a record that has become
    // stale costs visits of four keys, later and in order.
    bool wasteful(size_t keys) const { return records_ > keys + keys / 4 + 1024; }
    size_t memory_bytes() const { return bytes_; }
    void clear();

private:
    static constexpr int kRings = 3;
    static constexpr int kSlotBits = 8;
    static constexpr int kSlots = 1 << kSlotBits;
    static constexpr int kTickBits = 7;  // A tick is 128 ms.

    // Records in blocks, so that a growing slot neither copies itself nor keeps twice its size.
    // Changes keep `bytes`, what all slots of an index take, up to date.
    class Slot {
    public:
        void push(uint32_t record, size_t& bytes);
        bool pop(uint32_t& record, size_t& bytes);
        uint32_t at(size_t index) const;
        uint32_t take_at(size_t index, size_t& bytes);  // The last record takes its place.
        size_t size() const { return records_; }
        void take_all(Slot& other, size_t& bytes);
        bool empty() const { return blocks_.empty(); }

    private:
        std::vector<std::vector<uint32_t>> blocks_;
        size_t records_ = 0;
    };
    // A slot that is not empty, and the first tick that it stands for.
    struct Earliest {
        const Slot* slot = nullptr;
        int64_t tick = 0;
        bool fine = false;
    };

    Slot& slot_for(int64_t tick);
    Earliest earliest() const;
    template <typename Visitor>
    void for_each_slot(Visitor&& visitor) const;
    static uint64_t hint_of(uint32_t record) {
        return (uint64_t{record} >> 8 << 40) | (record & 0xff);
    }
    void advance_to(int64_t tick);

    std::array<std::array<Slot, kSlots>, kRings> rings_;
    Slot far_;
    Slot due_;
    int64_t tick_ =
        -1;  // All slots before it have been moved to `due_`; -1 until the first has_due().
    size_t records_ = 0;
    size_t bytes_ = 0;
};

}  // namespace millrace::keyspace
