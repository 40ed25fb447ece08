// SPDX-License-Identifier: BSD-3-Clause
//
// The part of HashTable that does not depend on the elements: placing, growing, shrinking, walking.
// The design is told in hash_table.h.
//
// Moving elements between segments never needs whole hashes: the position of the segment gives the
// prefix, the slot the next 14 bits, the fingerprint the last 8, and nothing looks at the others.
// gather() puts these together into a *known hash*, which behaves like the real one as long as a
// segment is no deeper than its slots tell; beyond that the elements are hashed again.
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
    uint64_t displaced = 0;           // Elements outside their home bucket.
    uint64_t lengths[kLengths] = {};  // Elements by buckets passed to find them: 0 to 7 and more.
    uint64_t directory_pages = 0;
    uint64_t directory_entries = 0;
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
    // An element that fits in none of so many buckets makes the segment grow.
    static constexpr unsigned kReach = 4;
    static constexpr size_t kSegmentSlots = kBucketsMax * HashBucket::kSlots;

    explicit HashTableCore(SlabHeap* heap);  // Null: the general allocator.
    // A frozen version of a table without a heap.
    HashTableCore(AsVersion, const HashTableCore& original);
    // One of the same shape, bucket by bucket; it has the same elements, until they are replaced.
    // Of a table without a heap, and no version of one.
    HashTableCore(AsCopy, const HashTableCore& original);
    ~HashTableCore();
    HashTableCore(HashTableCore&& other) noexcept;
    HashTableCore& operator=(HashTableCore&&) = delete;

    uint64_t* insert(uint64_t hash, void* element, unsigned tags, Hasher hasher);
    void erase(uint64_t hash, uint64_t* slot);
    uint64_t* random(uint64_t entropy) const;

    // The slots of elements whose hash is at least `position` and whose home is the bucket of
    // `position`, as they stand there.
    struct ScanStep {
        unsigned count = 0;
        uint64_t next = 0;  // Where the next home range begins; 0: this was the last.
        std::array<uint64_t, kSegmentSlots> found;
    };
    void scan(uint64_t position, Hasher hasher, ScanStep& step) const;

    uint64_t shrink_step(uint64_t position);
    uint64_t renew_segment(uint64_t position);

    // Before anything changes in the segment of `hash`: copies it if `version` has it too.
    void own(uint64_t hash, const HashTableCore& version, Leftovers& leftovers);

    // The segment to drain next, and its end: the segment goes; false: it was the last, and the
    // table is as new.
    SegmentWord draining_segment() const { return directory_.find(drain_position_); }
    bool drain_segment(SlabHeap* mine, RemoteFrees& frees);

    HashTableStatistics statistics() const;
    void check_invariants(Hasher hasher) const;

    SegmentWord segment(uint64_t hash) const { return directory_.find(hash); }
    uint64_t size() const { return size_; }
    uint64_t memory_bytes() const {
        return buckets_ * sizeof(HashBucket) + directory_.memory_bytes();
    }
    void set_resizing_allowed(bool allowed) { resizing_allowed_ = allowed; }

private:
    struct Gathered {
        uint64_t hash;  // Real or known.
        uint64_t slot;  // Its hash bits are stale.
    };
    // Room for a segment; the rest is not initialised.
    struct Gathering {
        std::array<Gathered, kSegmentSlots> elements;
        size_t count = 0;
        void add(Gathered element) { elements[count++] = element; }
    };

    uint64_t* insert_slowly(uint64_t hash, uint64_t slot, Hasher hasher);
    void grow(uint64_t hash, SegmentWord segment, Hasher hasher);
    void split(uint64_t hash, SegmentWord segment, Hasher hasher);
    void resize(uint64_t hash, SegmentWord segment, unsigned bucket_count);
    bool merge(uint64_t position, SegmentWord segment, size_t count);
    SegmentWord build(const Gathering& from, unsigned bucket_count, unsigned depth,
                      unsigned stored_shift);
    static void gather(uint64_t position, SegmentWord segment, Gathering& into);
    bool is_deep(SegmentWord segment) const;
    HashBucket* make_buckets(unsigned count);
    void free_buckets(SegmentWord segment);
    template <typename Visitor>
    void for_each_segment(Visitor&& visitor) const;
    void check_segment(SegmentWord segment, uint64_t position, Hasher hasher) const;

    HashDirectory directory_;
    SlabHeap* heap_;  // Null: the general allocator.
    uint64_t size_ = 0;
    uint64_t buckets_ = 0;
    uint64_t drain_position_ = 0;
    bool resizing_allowed_ = true;
};

// The hash position after the segment of `position`; 0: it was the last.
inline uint64_t position_after(SegmentWord segment, uint64_t position) {
    if (segment.depth() == 0) return 0;
    const unsigned shift = 64 - segment.depth();
    return ((position >> shift) + 1) << shift;
}

}  // namespace millrace::structures
