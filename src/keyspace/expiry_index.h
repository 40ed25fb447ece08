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

    size_t records() const { return records_; }
    // More than twice as many records as `keys` that expire.
    bool wasteful(size_t keys) const { return records_ > 2 * keys + 4096; }
    size_t memory_bytes() const;
    void clear();

private:
    static constexpr int kRings = 3;
    static constexpr int kSlotBits = 8;
    static constexpr int kSlots = 1 << kSlotBits;
    static constexpr int kTickBits = 7;  // A tick is 128 ms.

    // Records in blocks, so that a growing slot neither copies itself nor keeps twice its size.
    class Slot {
    public:
        void push(uint32_t record);
        bool pop(uint32_t& record);
        void take_all(Slot& other);
        bool empty() const { return blocks_.empty(); }
        size_t memory_bytes() const;

    private:
        std::vector<std::vector<uint32_t>> blocks_;
    };

    Slot& slot_for(int64_t tick);
    void advance_to(int64_t tick);

    std::array<std::array<Slot, kSlots>, kRings> rings_;
    Slot far_;
    Slot due_;
    int64_t tick_ =
        -1;  // All slots before it have been moved to `due_`; -1 until the first has_due().
    size_t records_ = 0;
};

}  // namespace millrace::keyspace
