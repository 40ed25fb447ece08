// SPDX-License-Identifier: BSD-3-Clause
//
// The part of HashTable that does not depend on the elements: growing, shrinking, walking. See hash_table.h.
//
// Owner:   HashTable.
// Threads: the table's owner.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "structures/hash_bucket.h"
#include "structures/hash_directory.h"
#include "structures/slab_heap.h"

namespace millrace::structures {

// For DEBUG HTSTATS; counting walks the whole table.
struct HashTableStatistics {
    static constexpr size_t kLengths = 8;

    uint64_t segments = 0;
    uint64_t buckets = 0;
    uint64_t elements = 0;
    uint64_t displaced = 0;             // Elements outside their home bucket.
    uint64_t directory_pages = 0;
    uint64_t directory_entries = 0;
    uint64_t lengths[kLengths] = {};    // Elements by buckets looked at to find them: 1, 2, ..., 8 and more.
    unsigned depth_max = 0;
};

class HashTableCore {
public:
    // How to hash an element, for the rare moments when the slot does not say enough.
    struct Hasher {
        const void* traits;
        uint64_t (*hash)(const void* traits, const void* element);
        uint64_t operator()(const void* element) const { return hash(traits, element); }
    };

    static constexpr unsigned kBucketsMax = 28;
    static constexpr unsigned kReach = 3;  // An element that fits in none of so many buckets grows the segment.
    static constexpr size_t kSegmentSlots = kBucketsMax * HashBucket::kSlots;

    explicit HashTableCore(SlabHeap& heap);
    ~HashTableCore();
    HashTableCore(HashTableCore&& other) noexcept;
    HashTableCore& operator=(HashTableCore&&) = delete;

    uint64_t* insert(uint64_t hash, void* element, unsigned tags, Hasher hasher);
    void erase(uint64_t hash, uint64_t* slot);
    uint64_t* random(uint64_t entropy) const;

    // Elements whose hash is at least `position` and whose home is the bucket of `position`, in order of hash.
    struct ScanStep {
        struct Found {
            uint64_t hash;
            uint64_t slot;
        };
        unsigned count = 0;
        uint64_t next = 0;  // Where the next home range begins; 0: this was the last.
        std::array<Found, kSegmentSlots> found;
    };
    void scan(uint64_t position, Hasher hasher, ScanStep& step) const;

    // The hash position after the segment of `position`; 0: it was the last.
    static uint64_t position_after(SegmentWord segment, uint64_t position);

    uint64_t shrink_step(uint64_t position, Hasher hasher);

    // Frees the directory once all segments have been handed over to release().
    void release_segment(SegmentWord segment, SlabHeap* mine, RemoteFrees& frees);

    HashTableStatistics statistics(Hasher hasher) const;
    void check_invariants(Hasher hasher) const;

    SegmentWord segment(uint64_t hash) const { return directory_.find(hash); }
    uint64_t size() const { return size_; }
    uint64_t memory_bytes() const {
        return buckets_ * sizeof(HashBucket) + directory_.memory_bytes();
    }
    void set_resizing_allowed(bool allowed) { resizing_allowed_ = allowed; }
    bool resizing_allowed() const { return resizing_allowed_; }

private:
    HashDirectory directory_;
    SlabHeap* heap_;
    uint64_t size_ = 0;
    uint64_t buckets_ = 0;
    bool resizing_allowed_ = true;
};

}  // namespace millrace::structures
