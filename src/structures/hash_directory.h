// SPDX-License-Identifier: BSD-3-Clause
//
// From a hash to the segment of a hash table that holds it: an extendible directory in two levels.
//
//     hash  | T bits: which page ...          |
//           | P bits: prefix of the page | q bits: which entry ... |
//           | D bits: prefix of the segment   | 10 bits: home bucket | ...
//
//     top    2^T words   page, P, q         a page with P < T stands in 2^(T-P) of them
//     page   2^q words   segment            a segment with D < P+q stands in 2^(P+q-D); q <= 12
//
// A segment that splits beyond the last bit of its page doubles the page; a page of 4096 entries
// splits in two instead, and at worst the top level doubles, one word for 4096 entries. So the most
// that any step copies is a page (32 KiB, a few microseconds), up to a billion elements and beyond,
// whereas a flat directory of a table of 1e9 elements would be copied whole, 64 MiB, each time that
// it doubles.
//
// One page with one entry needs no memory beside the object.
//
// **Versions.** A frozen version is a copy of the top level, which leads to the same pages. A page
// that the version has too is copied before its first change: own_page().
//
// Owner:   HashTableCore.
// Threads: the table's owner.
// Limits:  kDepthMax bits of prefix.
#pragma once

#include <cstddef>
#include <cstdint>

#include "structures/hash_bucket.h"
#include "structures/leftovers.h"

namespace millrace::structures {

inline constexpr unsigned kHomeBits = 10;

// What the directory says about a segment, in one word:
//
//     | stored shift: 8 | buckets: 8 | address: 42, then 6 zero bits, in whose place is D |
//
// The 14 hash bits in the slots of a segment are those that a shift by `stored_shift` brings down.
// They began at depth 50 - stored_shift; each split since then has used one up.
class SegmentWord {
public:
    SegmentWord() = default;
    SegmentWord(HashBucket* buckets, unsigned count, unsigned depth, unsigned stored_shift)
        : word_(reinterpret_cast<uint64_t>(buckets) | depth | uint64_t{count} << 48 |
                uint64_t{stored_shift} << 56) {}

    HashBucket* buckets() const {
        return reinterpret_cast<HashBucket*>(word_ & kSlotPointerMask & ~uint64_t{63});
    }
    unsigned bucket_count() const { return static_cast<unsigned>(word_ >> 48) & 0xff; }
    unsigned depth() const { return static_cast<unsigned>(word_ & 63); }
    unsigned stored_shift() const { return static_cast<unsigned>(word_ >> 56); }

    uint64_t stored_bits(uint64_t hash) const {
        return hash >> stored_shift() & ((uint64_t{1} << kSlotHashBits) - 1);
    }
    // The hash bits after the prefix, mapped to the range of buckets; monotone in the hash.
    unsigned home(uint64_t hash) const {
        return static_cast<unsigned>((hash << depth() >> (64 - kHomeBits)) * bucket_count() >>
                                     kHomeBits);
    }
    // The first hash beyond those that share segment and home with this one; 0: there are none
    // beyond.
    uint64_t home_end(uint64_t hash) const {
        const uint64_t count = bucket_count();
        const uint64_t end = (((home(hash) + uint64_t{1}) << kHomeBits) + count - 1) / count;
        const unsigned shift = 64 - kHomeBits - depth();
        const uint64_t prefix = depth() == 0 ? 0 : hash >> (64 - depth()) << (64 - depth());
        return prefix + (end << shift);
    }

    bool operator==(const SegmentWord&) const = default;

private:
    uint64_t word_ = 0;
};

class HashDirectory {
public:
    static constexpr unsigned kPageBitsMax = 12;
    static constexpr unsigned kDepthMax = 38;

    // One segment for all hashes.
    explicit HashDirectory(SegmentWord only);
    // What another one is now; its pages, and what they lead to, stay the other's.
    HashDirectory(AsVersion, const HashDirectory& original);
    // One of the same shape with pages of its own; its segments are still the other's.
    HashDirectory(AsCopy, const HashDirectory& original);
    ~HashDirectory();
    HashDirectory(HashDirectory&& other) noexcept;
    HashDirectory& operator=(HashDirectory&&) = delete;

    SegmentWord find(uint64_t hash) const {
        const PageWord page = page_of(hash);
        return page.entries()[page.index(hash)];
    }

    // Replaces the word of the segment that `hash` belongs to.
    void set(uint64_t hash, SegmentWord segment);

    // Puts two segments, one bit deeper, in the place of the one that `hash` belongs to.
    void split(uint64_t hash, SegmentWord lower, SegmentWord upper);

    // Puts one segment in the place of two that differ in the last bit of their prefixes, if the
    // directory's own shape allows: those alone on their pages stay, until shrink() has joined the
    // pages.
    bool can_merge(uint64_t hash) const;
    void merge(uint64_t hash, SegmentWord joined);

    // Halves the page of `hash`, joins it with its sibling, or halves the top level, where there is
    // more than enough room. At most one page is copied.
    void shrink(uint64_t hash);

    bool is_version() const { return is_version_; }
    // Before a change of the page of `hash`: copies it if `version` has it too.
    void own_page(uint64_t hash, const HashDirectory& version, Leftovers& leftovers);

    size_t memory_bytes() const { return memory_bytes_; }
    size_t page_count() const;
    size_t entry_count() const;
    void check_invariants() const;

private:
    // A page: its entries, P and q, in one word.
    class PageWord {
    public:
        PageWord() = default;
        PageWord(SegmentWord* entries, unsigned prefix_bits, unsigned bits)
            : word_(reinterpret_cast<uint64_t>(entries) | uint64_t{prefix_bits} << 48 |
                    uint64_t{63 - bits} << 56) {}
        SegmentWord* entries() const {
            return reinterpret_cast<SegmentWord*>(word_ & kSlotPointerMask);
        }
        unsigned prefix_bits() const { return static_cast<unsigned>(word_ >> 48) & 0xff; }
        unsigned bits() const { return 63 - static_cast<unsigned>(word_ >> 56); }
        size_t index(uint64_t hash) const { return hash << prefix_bits() >> 1 >> (word_ >> 56); }
        bool operator==(const PageWord&) const = default;

    private:
        uint64_t word_ = 0;
    };

    PageWord page_of(uint64_t hash) const { return top_[hash >> 1 >> top_shift_]; }
    unsigned top_bits() const { return 63 - top_shift_; }

    void fill(SegmentWord segment, uint64_t hash);
    SegmentWord* make_entries(unsigned bits);
    void free_entries(PageWord page);
    void set_page(uint64_t hash, PageWord page);
    void double_page(uint64_t hash);
    void split_page(uint64_t hash);
    void double_top();
    bool halve_page(uint64_t hash);
    bool join_pages(uint64_t hash);
    void halve_top();
    void replace_top(PageWord* top, unsigned bits);
    template <typename Visitor>
    void for_each_page(Visitor&& visitor) const;

    PageWord* top_;  // 2^T words.
    size_t memory_bytes_ = 0;
    unsigned top_shift_ = 63;  // 63 - T.
    unsigned deep_pages_ = 0;  // Pages with P = T, which keep the top level from being halved.
    bool is_version_ = false;
    PageWord only_page_;      // The top level while T = 0.
    SegmentWord only_entry_;  // The page while T = 0 and q = 0.
};

}  // namespace millrace::structures
