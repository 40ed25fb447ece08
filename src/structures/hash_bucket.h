// SPDX-License-Identifier: BSD-3-Clause
//
// One bucket of a hash table: a cache line with seven slots. What the slots mean: hash_table.h.
//
//     slots[7]   each  | 14 hash bits | 2 tag bits | 48 bits of pointer |
//     meta       | overflow | fp 6 | fp 5 | fp 4 | fp 3 | fp 2 | fp 1 | fp 0 |      one byte each
//
// fp i is the fingerprint of slot i, 0 when the slot is empty. `overflow` counts the elements that
// belong here or before and live further on; at 255 it stays, since it no longer knows.
//
// Threads: the table's owner.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "base/assert.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace millrace::structures {

inline constexpr unsigned kSlotTagShift = 48;
inline constexpr unsigned kSlotTagBits = 2;
inline constexpr unsigned kSlotHashShift = kSlotTagShift + kSlotTagBits;
inline constexpr unsigned kSlotHashBits = 64 - kSlotHashShift;
inline constexpr uint64_t kSlotPointerMask = (uint64_t{1} << kSlotTagShift) - 1;
inline constexpr uint64_t kSlotTagMask = ((uint64_t{1} << kSlotTagBits) - 1) << kSlotTagShift;

inline uint64_t make_slot(const void* element, unsigned tags, uint64_t hash_bits) {
    const auto address = reinterpret_cast<uint64_t>(element);
    DCHECK((address & ~kSlotPointerMask) == 0);
    DCHECK(tags < (1u << kSlotTagBits));
    return address | uint64_t{tags} << kSlotTagShift | hash_bits << kSlotHashShift;
}
inline void* slot_element(uint64_t slot) {
    return reinterpret_cast<void*>(slot & kSlotPointerMask);
}
inline unsigned slot_tags(uint64_t slot) {
    return static_cast<unsigned>(slot >> kSlotTagShift) & ((1u << kSlotTagBits) - 1);
}
inline uint64_t slot_hash_bits(uint64_t slot) {
    return slot >> kSlotHashShift;
}

// Never 0, which means empty.
inline uint8_t fingerprint_of(uint64_t hash) {
    const auto low = static_cast<uint8_t>(hash);
    return low == 0 ? 1 : low;
}

struct alignas(64) HashBucket {
    static constexpr unsigned kSlots = 7;
    static constexpr unsigned kOverflowMax = 255;

    uint64_t slots[kSlots];
    uint64_t meta;

    // The slots with this fingerprint, as bits; 0 asks for the empty ones.
    unsigned match(uint8_t fingerprint) const {
#if defined(__SSE2__)
        const __m128i all = _mm_cvtsi64_si128(static_cast<long long>(meta));
        const __m128i equal = _mm_cmpeq_epi8(all, _mm_set1_epi8(static_cast<char>(fingerprint)));
        return static_cast<unsigned>(_mm_movemask_epi8(equal)) & kSlotsMask;
#else
        unsigned matches = 0;
        for (unsigned i = 0; i < kSlots; ++i)
            matches |= unsigned{fingerprint_at(i) == fingerprint} << i;
        return matches;
#endif
    }
    unsigned empty_slots() const {
        return match(0);
    }
    unsigned used_slots() const {
        return empty_slots() ^ kSlotsMask;
    }

    uint8_t fingerprint_at(unsigned index) const {
        return static_cast<uint8_t>(meta >> (8 * index));
    }
    unsigned overflow() const {
        return static_cast<unsigned>(meta >> 56);
    }

    void fill(unsigned index, uint8_t fingerprint, uint64_t slot) {
        slots[index] = slot;
        meta |= uint64_t{fingerprint} << (8 * index);
    }
    // As fill(), while nothing has been read from a bucket made of zeros: no waiting for the fill
    // before.
    void fill_fresh(unsigned index, uint8_t fingerprint, uint64_t slot) {
        slots[index] = slot;
        std::memcpy(reinterpret_cast<unsigned char*>(&meta) + index, &fingerprint, 1);
    }
    void set_overflow(unsigned count) {
        meta |= uint64_t{count} << 56;
    }

    void empty(unsigned index) {
        slots[index] = 0;
        meta &= ~(uint64_t{0xff} << (8 * index));
    }
    void add_overflow() {
        if (overflow() < kOverflowMax) meta += uint64_t{1} << 56;
    }
    void drop_overflow() {
        DCHECK(overflow() > 0);
        if (overflow() < kOverflowMax) meta -= uint64_t{1} << 56;
    }

private:
    static constexpr unsigned kSlotsMask = (1u << kSlots) - 1;
};
static_assert(sizeof(HashBucket) == 64);
static_assert(std::endian::native == std::endian::little);  // fill_fresh

}  // namespace millrace::structures
