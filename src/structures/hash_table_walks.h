// SPDX-License-Identifier: BSD-3-Clause
//
// The part of hash_table.h that walks: scans, segments, hints, drains. Included by it.
//
// Threads: the table's owner.
#pragma once

#include "structures/hash_table.h"

namespace millrace::structures {

template <typename Traits>
template <typename Visitor>
uint64_t HashTable<Traits>::scan(uint64_t cursor, Visitor&& visitor) const {
    HashTableCore::ScanStep step;
    core_.scan(cursor << kCursorShift, hasher(), step);
    for (unsigned i = 0; i < step.count; ++i) {
        const uint64_t slot = step.found[i];
        visitor(static_cast<Element*>(slot_element(slot)), slot_tags(slot));
    }
    return step.next >> kCursorShift;
}

template <typename Traits>
template <typename Visitor>
void HashTable<Traits>::visit_slots(SegmentWord segment, Visitor&& visitor) {
    for (unsigned i = 0; i < segment.bucket_count(); ++i) {
        HashBucket& bucket = segment.buckets()[i];
        for (unsigned used = bucket.used_slots(); used != 0; used &= used - 1)
            visitor(&bucket.slots[__builtin_ctz(used)]);
    }
}

template <typename Traits>
[[gnu::always_inline]] inline void HashTable<Traits>::fetch_elements(const HashBucket& bucket) {
    for (unsigned used = bucket.used_slots(); used != 0; used &= used - 1)
        prefetch(slot_element(bucket.slots[__builtin_ctz(used)]));
}

// Elements lie anywhere; those of two buckets are under way while a third is visited: a quarter of
// the time in a table of a million, half in one of a hundred thousand.
template <typename Traits>
template <typename Visitor>
void HashTable<Traits>::visit_fetched(SegmentWord segment, Visitor&& visitor) {
    constexpr unsigned kAhead = 2;
    const unsigned count = segment.bucket_count();
    for (unsigned i = 0; i < kAhead && i < count; ++i) fetch_elements(segment.buckets()[i]);
    for (unsigned i = 0; i < count; ++i) {
        if (i + kAhead < count) fetch_elements(segment.buckets()[i + kAhead]);
        HashBucket& bucket = segment.buckets()[i];
        for (unsigned used = bucket.used_slots(); used != 0; used &= used - 1)
            visitor(&bucket.slots[__builtin_ctz(used)]);
    }
}

template <typename Traits>
template <typename Visitor>
uint64_t HashTable<Traits>::visit_elements(uint64_t position, Visitor&& visitor) const {
    const SegmentWord segment = core_.segment(position);
    visit_fetched(segment, [&](uint64_t* slot) { visitor(Ref(slot)); });
    return position_after(segment, position);
}

template <typename Traits>
template <typename Copy>
HashTable<Traits>::HashTable(AsCopy as_copy, const HashTable& original, Copy&& copy)
    : core_(as_copy, original.core_), traits_(original.traits_) {
    uint64_t position = 0;
    do {
        position = visit_elements(position, [&](Ref ref) {
            replace(ref, copy(std::as_const(*ref.element())), ref.tags());
        });
    } while (position != 0);
}

template <typename Traits>
template <typename Visitor>
uint64_t HashTable<Traits>::visit_segment(uint64_t position, Visitor&& visitor) const {
    const SegmentWord segment = core_.segment(position);
    visit_slots(segment, [&](uint64_t* slot) { visitor(Ref(slot)); });
    return position_after(segment, position);
}

template <typename Traits>
template <typename Visitor>
void HashTable<Traits>::visit_hinted(uint64_t hint, unsigned top_bits, Visitor&& visitor) {
    const uint64_t low = hint >> (64 - top_bits) << (64 - top_bits);
    const uint64_t high = low | (~uint64_t{0} >> top_bits);
    const uint8_t fingerprint = fingerprint_of(hint);
    for (uint64_t position = low;;) {
        const SegmentWord segment = core_.segment(position);
        const uint64_t next = position_after(segment, position);
        const unsigned count = segment.bucket_count();
        const unsigned first = count == 0 ? 0 : segment.home(position);
        const unsigned last =
            count == 0 ? 0 : segment.home(next == 0 || next > high ? high : next - 1);
        const unsigned wanted = last - first + HashTableCore::kReach;
        for (unsigned i = 0; i < wanted && i < count; ++i) {
            HashBucket& bucket = segment.buckets()[(first + i) % count];
            for (unsigned matches = bucket.match(fingerprint); matches != 0;
                 matches &= matches - 1) {
                if (!visitor(Ref(&bucket.slots[__builtin_ctz(matches)]))) return;
            }
        }
        if (next == 0 || next > high) return;
        position = next;
    }
}

template <typename Traits>
template <typename Visitor>
bool HashTable<Traits>::drain(size_t segments_max, Visitor&& visitor, SlabHeap* mine,
                              RemoteFrees& frees) {
    for (size_t i = 0; i < segments_max; ++i) {
        visit_fetched(core_.draining_segment(), [&](const uint64_t* slot) {
            visitor(static_cast<Element*>(slot_element(*slot)), slot_tags(*slot));
        });
        if (!core_.drain_segment(mine, frees)) return false;
    }
    return true;
}

}  // namespace millrace::structures
