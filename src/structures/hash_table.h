// SPDX-License-Identifier: BSD-3-Clause
//
// The hash table of the keyspace, and of large hashes and sets: pointers to elements, found by a
// 64-bit keyed hash.
//
// **Shape.** A *bucket* is one cache line of seven slots (hash_bucket.h). A *segment* is an array
// of 1 to 28 buckets for all hashes with a certain prefix, its depth D in bits. The *directory*
// (hash_directory.h) leads from the top bits of a hash to its segment:
//
//     hash      | D: segment | 10: home bucket | 4 spare |         ...        | 8: fingerprint |
//                            |-- 14 bits kept in slot --|
//
//     directory   ... | segment, D, buckets | ...
//                        |
//     segment            +-> |bucket 0|bucket 1| ... |bucket n-1|    n = 1 2 4 8 16 20 24 28
//
// An element lives in its *home* bucket or, when that is full, in one of the next three. Each
// bucket that it had to pass counts it in `overflow`, so a search ends at the first bucket whose
// count is 0. A look-up touches one word of the directory, mostly one bucket and one element:
// fingerprint and 14 more bits agree by chance once in millions.
//
// **Growth.** When the home bucket and the next three are full, only this segment grows: to the
// next n, or from 28 buckets to two segments of about 16, one bit deeper. Elements are not touched
// for that: slots carry 14 bits of the hash, a split uses up one, placing needs 10. Every fourth
// split reads the elements again, all prefetched together. So load stays between two thirds and
// nine tenths at every size, about 12 bytes per element, and no insertion pays for more than one
// segment: about a microsecond, a few when it reads elements. There is no second table, no
// rehashing in the background, and nothing that reads modifies anything. shrink_step() is the way
// back.
//
// **Positions.** Everything that walks the table does so in the order of hashes, so where a walk
// stands is a hash, and remains meaningful whatever grows or shrinks meanwhile. That is why a scan
// cursor depends on the seed only, why it never misses an element that stays, and why a snapshot
// can walk while commands run.
//
// **Versions.** A table without a heap can be frozen: a version of it has the same pages and
// segments, and stays as it is for another thread to walk, provided that the user calls own()
// before each change, which copies what both have: a segment, and its page the first time. Where a
// segment stands in both, nothing has changed in it, so looking it up in the version tells whose it
// is. While there is a version the table does not shrink.
//
// **Hashes that cluster** (a known seed, an adversary) must not make the directory explode: a
// segment much deeper than the table's size explains takes elements in any bucket before it splits
// again.
//
// Traits:
//     using Element = ...;                               not owned, not null, 48-bit address
//     uint64_t hash(const Element&) const;               as given to insert()
//     bool equal(const Element&, const Key&) const;      for each type of Key given to find()
//
// Costs: hash_table_bench.cc.
//
// Owner:   whoever embeds it. Elements belong to the user, segments to the table.
// Threads: the owner of the SlabHeap; drain() any thread, once the table has been moved there. A
// version: any.
// Invariants: check_invariants().
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/prefetch.h"
#include "structures/hash_table_core.h"

namespace millrace::structures {

// Tags travel with the pointer through all growth; what they mean is the user's business.
inline constexpr unsigned kTagHasExpiry = 1;
inline constexpr unsigned kTagSnapshot = 2;

template <typename Traits>
class HashTable {
public:
    using Element = typename Traits::Element;

    // Where an element stands; good until the next insert, erase or shrink_step.
    class Ref {
    public:
        Ref() = default;
        explicit operator bool() const { return slot_ != nullptr; }
        Element* element() const { return static_cast<Element*>(slot_element(*slot_)); }
        unsigned tags() const { return slot_tags(*slot_); }

    private:
        friend class HashTable;
        explicit Ref(uint64_t* slot) : slot_(slot) {}
        uint64_t* slot_ = nullptr;
    };

    // Takes no memory before the first insertion.
    explicit HashTable(SlabHeap& heap, Traits traits = {})
        : core_(&heap), traits_(std::move(traits)) {}
    // With segments from the general allocator: such a table may be destroyed by any thread, and is
    // not drained.
    explicit HashTable(Traits traits) : core_(nullptr), traits_(std::move(traits)) {}

    // A frozen version of a table without a heap.
    HashTable(AsVersion as_version, const HashTable& original)
        : core_(as_version, original.core_), traits_(original.traits_) {}

    // One of the same shape, without a heap as the original: no element is hashed or placed again.
    // `copy` makes another element of each, with the same hash: (const Element&) -> Element*.
    template <typename Copy>
    HashTable(AsCopy as_copy, const HashTable& original, Copy&& copy);

    // What is moved from is empty and usable. There is no assignment.
    HashTable(HashTable&& other) noexcept = default;

    template <typename Key>
    Ref find(uint64_t hash, const Key& key) const {
        return Ref(find_slot(hash, 0, [&](const Element& it) { return traits_.equal(it, key); }));
    }

    // The key is not in the table.
    Ref insert(uint64_t hash, Element* element, unsigned tags = 0) {
        return Ref(core_.insert(hash, element, tags, hasher()));
    }

    // Puts another element of the same key in the place of the one at `ref`.
    void replace(Ref ref, Element* element, unsigned tags) {
        *ref.slot_ = make_slot(element, tags, slot_hash_bits(*ref.slot_));
    }
    void set_tags(Ref ref, unsigned tags) {
        *ref.slot_ = (*ref.slot_ & ~kSlotTagMask) | uint64_t{tags} << kSlotTagShift;
    }
    void erase(Ref ref, uint64_t hash) { core_.erase(hash, ref.slot_); }

    // A pipeline of look-ups asks for the bucket some look-ups ahead, then for the element, then
    // finds. prefetch_element looks into the bucket, so it should have arrived.
    void prefetch_bucket(uint64_t hash) const {
        const SegmentWord segment = core_.segment(hash);
        prefetch(segment.buckets() + segment.home(hash));
    }
    void prefetch_element(uint64_t hash) const;

    // The one in the home bucket that find() will most likely look at, or null.
    Element* likely_element(uint64_t hash) const;
    // Where there is none: asks for the next bucket; false if find() will not look there.
    bool prefetch_further(uint64_t hash) const;
    // Once that has arrived: the one that find() will most likely look at after the home bucket, or
    // null.
    Element* further_element(uint64_t hash) const;

    uint64_t hash_of(const Element& element) const { return traits_.hash(element); }
    uint64_t size() const { return core_.size(); }
    uint64_t memory_bytes() const { return core_.memory_bytes(); }

    // Any element, each about as likely as another (within a factor of 1.5); none if the table is
    // empty.
    Ref random(uint64_t entropy) const { return Ref(core_.random(entropy)); }

    // Visits as (Ref) the elements in the home bucket of `hash`; of a random one: a cheap sample.
    template <typename Visitor>
    void visit_bucket(uint64_t hash, Visitor&& visitor) const;

    // Visits the elements of about one bucket, and returns the cursor (48 bits) for the next step;
    // 0 begins and ends. An element that is in the table from the first step to the last is visited
    // at least once (here: exactly once), whatever else happens between steps. The visitor,
    // (Element*, tags), must not modify the table. Buckets come in order of hash; what is in one
    // comes as it stands there: up to seven elements of a small table in the order in which they
    // came, which is Valkey's, and what users see in their first examples.
    template <typename Visitor>
    uint64_t scan(uint64_t cursor, Visitor&& visitor) const;

    // Visits all of the segment at `position` as (Ref), and returns the position of the next one; 0
    // begins and ends. The visitor may set tags and replace elements.
    template <typename Visitor>
    uint64_t visit_segment(uint64_t position, Visitor&& visitor) const;
    // The same for visitors that read the elements, which are fetched ahead.
    template <typename Visitor>
    uint64_t visit_elements(uint64_t position, Visitor&& visitor) const;

    // Visits as (Ref) the elements whose hash may agree with `hint` in its `top_bits` and its low 8
    // bits; some that do not agree may come too. The visitor returns false to stop, and must stop
    // after a change of the table.
    template <typename Visitor>
    void visit_hinted(uint64_t hint, unsigned top_bits, Visitor&& visitor);

    // Makes the segment at `position` smaller if it is sparse, together with its sibling if both
    // are; moves it if that helps the slabs to give memory back. Returns the position of the next
    // one, 0 after the last. For a walker in the background.
    uint64_t shrink_step(uint64_t position) { return core_.shrink_step(position); }

    // Makes the segment at `position` of a table without a heap anew, elsewhere; the rest as
    // shrink_step().
    uint64_t renew_segment(uint64_t position) { return core_.renew_segment(position); }

    // Before anything changes in the segment of `hash`, elements included; ends Refs.
    void own(uint64_t hash, const HashTable& version, Leftovers& leftovers) {
        core_.own(hash, version.core_, leftovers);
    }

    // While not allowed, segments grow only when full to the last slot, and never shrink.
    void set_resizing_allowed(bool allowed) { core_.set_resizing_allowed(allowed); }

    // Empties the table in slices, on any thread that holds it: visits the elements of so many
    // segments as (Element*, tags), frees them; true while there is more, and till then this only.
    template <typename Visitor>
    bool drain(size_t segments_max, Visitor&& visitor, SlabHeap* mine, RemoteFrees& frees);

    HashTableStatistics statistics() const { return core_.statistics(); }
    void check_invariants() const { core_.check_invariants(hasher()); }

private:
    static constexpr unsigned kCursorShift = 16;

    typename HashTableCore::Hasher hasher() const {
        return {&traits_, [](const void* traits, const void* element) {
                    return static_cast<const Traits*>(traits)->hash(
                        *static_cast<const Element*>(element));
                }};
    }

    template <typename IsIt>
    uint64_t* find_slot(uint64_t hash, unsigned passed, IsIt&& is_it) const;
    template <typename Visitor>
    static void visit_slots(SegmentWord segment, Visitor&& visitor);
    static void fetch_elements(const HashBucket& bucket);
    template <typename Visitor>
    static void visit_fetched(SegmentWord segment, Visitor&& visitor);

    HashTableCore core_;
    [[no_unique_address]] Traits traits_;
};

// The first slot with the hash for which `is_it(element)`, in buckets from the one that is `passed`
// after the home one; null if there is none.
template <typename Traits>
template <typename IsIt>
[[gnu::always_inline]] inline uint64_t* HashTable<Traits>::find_slot(uint64_t hash, unsigned passed,
                                                                     IsIt&& is_it) const {
    const SegmentWord segment = core_.segment(hash);
    const uint64_t stored_bits = segment.stored_bits(hash);
    const uint8_t fingerprint = fingerprint_of(hash);
    const unsigned count = segment.bucket_count();
    unsigned at = segment.home(hash) + passed;
    if (at >= count) at -= count;
    for (; passed < count; ++passed) {
        HashBucket& bucket = segment.buckets()[at];
        for (unsigned matches = bucket.match(fingerprint); matches != 0; matches &= matches - 1) {
            uint64_t* slot = &bucket.slots[__builtin_ctz(matches)];
            if (slot_hash_bits(*slot) != stored_bits) continue;
            if (is_it(*static_cast<const Element*>(slot_element(*slot)))) return slot;
        }
        if (bucket.overflow() == 0) return nullptr;
        at = at + 1 == count ? 0 : at + 1;
    }
    return nullptr;
}

template <typename Traits>
auto HashTable<Traits>::likely_element(uint64_t hash) const -> Element* {
    const SegmentWord segment = core_.segment(hash);
    const HashBucket& bucket = segment.buckets()[segment.home(hash)];
    const uint64_t stored_bits = segment.stored_bits(hash);
    for (unsigned matches = bucket.match(fingerprint_of(hash)); matches != 0;
         matches &= matches - 1) {
        const uint64_t slot = bucket.slots[__builtin_ctz(matches)];
        if (slot_hash_bits(slot) == stored_bits) return static_cast<Element*>(slot_element(slot));
    }
    return nullptr;
}

template <typename Traits>
auto HashTable<Traits>::further_element(uint64_t hash) const -> Element* {
    const uint64_t* slot = find_slot(hash, 1, [](const Element&) { return true; });
    return slot == nullptr ? nullptr : static_cast<Element*>(slot_element(*slot));
}

template <typename Traits>
bool HashTable<Traits>::prefetch_further(uint64_t hash) const {
    const SegmentWord segment = core_.segment(hash);
    const unsigned home = segment.home(hash);
    if (segment.buckets()[home].overflow() == 0) return false;
    prefetch(segment.buckets() + (home + 1 == segment.bucket_count() ? 0 : home + 1));
    return true;
}

template <typename Traits>
template <typename Visitor>
[[gnu::always_inline]] inline void HashTable<Traits>::visit_bucket(uint64_t hash,
                                                                   Visitor&& visitor) const {
    const SegmentWord segment = core_.segment(hash);
    HashBucket& bucket = segment.buckets()[segment.home(hash)];
    for (unsigned used = bucket.used_slots(); used != 0; used &= used - 1)
        visitor(Ref(&bucket.slots[__builtin_ctz(used)]));
}

template <typename Traits>
void HashTable<Traits>::prefetch_element(uint64_t hash) const {
    if (const Element* element = likely_element(hash)) return prefetch(element);
    (void)prefetch_further(hash);
}

}  // namespace millrace::structures

#include "structures/hash_table_walks.h"
