// SPDX-License-Identifier: BSD-3-Clause
#include "structures/hash_table_core.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

namespace millrace::structures {
namespace {

constexpr unsigned kBucketCounts[] = {1, 2, 4, 8, 16, 20, 24, 28};

// What is made anew is filled up to this share at most; two siblings join when their elements take
// no more than that of the largest segment. Of what comes and goes at random some segments are
// always above their mean and grow, so both are as high as they can be without growing again at
// once: with shares of 70 and 50, the table of a cache in use takes 17 bytes per element, with
// these 13.5, and it costs no time that can be measured.
constexpr size_t kFillPercent = 80;
constexpr size_t kJoinPercent = 70;

// A segment is deep when it has so many bits more than the size of the table explains.
constexpr unsigned kDepthSpare = 8;
constexpr uint64_t kElementsPerSegmentMin = 64;

constexpr unsigned kRandomTries = 128;

// What a table without elements has for a segment: never written, since nothing is ever placed in
// it.
alignas(64) constinit const HashBucket kNoBuckets{};

// Fresh slots hold the 14 hash bits from the depth on.
constexpr unsigned fresh_stored_shift(unsigned depth) {
    return 64 - kSlotHashBits - depth;
}

SegmentWord no_segment() {
    return SegmentWord(const_cast<HashBucket*>(&kNoBuckets), 1, 0, fresh_stored_shift(0));
}
bool is_no_segment(SegmentWord segment) {
    return segment.buckets() == &kNoBuckets;
}

unsigned buckets_for(size_t elements, size_t percent) {
    for (unsigned count : kBucketCounts) {
        if (elements * 100 <= count * HashBucket::kSlots * percent) return count;
    }
    return HashTableCore::kBucketsMax;
}

size_t count_elements(SegmentWord segment) {
    size_t count = 0;
    for (unsigned i = 0; i < segment.bucket_count(); ++i)
        count += static_cast<size_t>(std::popcount(segment.buckets()[i].used_slots()));
    return count;
}

// Puts a slot in the first bucket with room, at most `reach` buckets from home on; null when there
// is none.
uint64_t* place(SegmentWord segment, uint64_t hash, uint64_t slot, unsigned reach) {
    HashBucket* const buckets = segment.buckets();
    const unsigned count = segment.bucket_count();
    const unsigned home = segment.home(hash);
    reach = std::min(reach, count);
    unsigned at = home;
    for (unsigned passed = 0; passed < reach; ++passed, at = at + 1 == count ? 0 : at + 1) {
        const unsigned empty = buckets[at].empty_slots();
        if (empty == 0) continue;
        for (unsigned full = home; full != at; full = full + 1 == count ? 0 : full + 1)
            buckets[full].add_overflow();
        const auto index = static_cast<unsigned>(std::countr_zero(empty));
        buckets[at].fill(index, fingerprint_of(hash), slot);
        return &buckets[at].slots[index];
    }
    return nullptr;
}

uint64_t with_hash_bits(uint64_t slot, uint64_t bits) {
    return (slot & (kSlotPointerMask | kSlotTagMask)) | bits << kSlotHashShift;
}

// The bits of the hash that position, slot and fingerprint tell.
uint64_t known_hash(uint64_t position, SegmentWord segment, const HashBucket& bucket,
                    unsigned index) {
    const unsigned depth = segment.depth();
    const uint64_t prefix = depth == 0 ? 0 : position & ~uint64_t{0} << (64 - depth);
    return prefix | slot_hash_bits(bucket.slots[index]) << segment.stored_shift() |
           bucket.fingerprint_at(index);
}

uint64_t mix(uint64_t state) {  // The finalizer of SplitMix64.
    state = (state ^ state >> 30) * 0xbf58476d1ce4e5b9;
    state = (state ^ state >> 27) * 0x94d049bb133111eb;
    return state ^ state >> 31;
}

constexpr std::align_val_t kAlignment{sizeof(HashBucket)};

}  // namespace

HashTableCore::HashTableCore(SlabHeap* heap) : directory_(no_segment()), heap_(heap) {}

HashTableCore::HashTableCore(HashTableCore&& other) noexcept
    : directory_(std::move(other.directory_)),
      heap_(other.heap_),
      size_(other.size_),
      buckets_(other.buckets_),
      drain_position_(other.drain_position_),
      resizing_allowed_(other.resizing_allowed_) {
    other.directory_.set(0, no_segment());
    other.size_ = 0;
    other.buckets_ = 0;
    other.drain_position_ = 0;
}

HashTableCore::HashTableCore(AsVersion as_version, const HashTableCore& original)
    : directory_(as_version, original.directory_), heap_(nullptr), size_(original.size_) {
    CHECK(original.heap_ == nullptr);
}

HashTableCore::HashTableCore(AsCopy as_copy, const HashTableCore& original)
    : directory_(as_copy, original.directory_), heap_(nullptr), size_(original.size_) {
    CHECK(original.heap_ == nullptr);
    uint64_t position = 0;
    do {
        const SegmentWord segment = directory_.find(position);
        if (!is_no_segment(segment)) {
            const unsigned count = segment.bucket_count();
            HashBucket* const buckets = make_buckets(count);
            std::copy_n(segment.buckets(), count, buckets);
            directory_.set(position,
                           SegmentWord(buckets, count, segment.depth(), segment.stored_shift()));
        }
        position = position_after(segment, position);
    } while (position != 0);
}

HashTableCore::~HashTableCore() {
    if (directory_.is_version()) return;
    uint64_t position = drain_position_;
    do {
        const SegmentWord segment = directory_.find(position);
        free_buckets(segment);
        position = position_after(segment, position);
    } while (position != 0);
}

HashBucket* HashTableCore::make_buckets(unsigned count) {
    const size_t bytes = count * sizeof(HashBucket);
    void* memory = heap_ != nullptr ? heap_->allocate(bytes) : ::operator new(bytes, kAlignment);
    std::memset(memory, 0, bytes);
    buckets_ += count;
    return static_cast<HashBucket*>(memory);
}

void HashTableCore::free_buckets(SegmentWord segment) {
    if (is_no_segment(segment)) return;
    buckets_ -= segment.bucket_count();
    if (heap_ != nullptr) {
        heap_->deallocate(segment.buckets());
    } else {
        ::operator delete(segment.buckets(), kAlignment);
    }
}

void HashTableCore::own(uint64_t hash, const HashTableCore& version, Leftovers& leftovers) {
    const SegmentWord segment = directory_.find(hash);
    directory_.own_page(hash, version.directory_, leftovers);
    if (segment.buckets() != version.directory_.find(hash).buckets()) return;
    if (is_no_segment(segment)) return;
    const unsigned count = segment.bucket_count();
    const size_t bytes = count * sizeof(HashBucket);
    HashBucket* const buckets = make_buckets(count);
    std::memcpy(static_cast<void*>(buckets), segment.buckets(), bytes);
    directory_.set(hash, SegmentWord(buckets, count, segment.depth(), segment.stored_shift()));
    buckets_ -= count;
    leftovers.add(segment.buckets(), bytes,
                  [](void* left) { ::operator delete(left, kAlignment); });
}

// ---- Insertion and growth ----

uint64_t* HashTableCore::insert(uint64_t hash, void* element, unsigned tags, Hasher hasher) {
    const SegmentWord segment = directory_.find(hash);
    const uint64_t slot = make_slot(element, tags, segment.stored_bits(hash));
    if (__builtin_expect(!is_no_segment(segment), 1)) {
        if (uint64_t* placed = place(segment, hash, slot, kReach)) {
            ++size_;
            return placed;
        }
    }
    return insert_slowly(hash, slot, hasher);
}

uint64_t* HashTableCore::insert_slowly(uint64_t hash, uint64_t slot, Hasher hasher) {
    for (;;) {
        const SegmentWord segment = directory_.find(hash);
        if (!is_no_segment(segment)) {
            const bool anywhere = !resizing_allowed_ || is_deep(segment);
            slot = with_hash_bits(slot, segment.stored_bits(hash));
            uint64_t* placed = place(segment, hash, slot, anywhere ? kBucketsMax : kReach);
            if (placed != nullptr) {
                ++size_;
                return placed;
            }
        }
        grow(hash, segment, hasher);
    }
}

bool HashTableCore::is_deep(SegmentWord segment) const {
    if (segment.bucket_count() < kBucketsMax) return false;
    const auto natural = static_cast<unsigned>(std::bit_width(size_ / kElementsPerSegmentMin));
    return segment.depth() >= natural + kDepthSpare;
}

void HashTableCore::grow(uint64_t hash, SegmentWord segment, Hasher hasher) {
    if (is_no_segment(segment)) {
        directory_.set(0, SegmentWord(make_buckets(1), 1, 0, fresh_stored_shift(0)));
    } else if (segment.bucket_count() == kBucketsMax) {
        split(hash, segment, hasher);
    } else {
        resize(hash, segment,
               *std::upper_bound(std::begin(kBucketCounts), std::end(kBucketCounts),
                                 segment.bucket_count()));
    }
}

void HashTableCore::gather(uint64_t position, SegmentWord segment, Gathering& into) {
    for (unsigned i = 0; i < segment.bucket_count(); ++i) {
        const HashBucket& bucket = segment.buckets()[i];
        for (unsigned used = bucket.used_slots(); used != 0; used &= used - 1) {
            const auto index = static_cast<unsigned>(std::countr_zero(used));
            into.add({known_hash(position, segment, bucket, index), bucket.slots[index]});
        }
    }
}

// Places like place(), but counts on the side: the buckets are fresh, so the next slot is the
// number of the used.
SegmentWord HashTableCore::build(const Gathering& from, unsigned bucket_count, unsigned depth,
                                 unsigned stored_shift) {
    HashBucket* const buckets = make_buckets(bucket_count);
    const SegmentWord segment(buckets, bucket_count, depth, stored_shift);
    std::array<uint8_t, kBucketsMax> used{};
    std::array<uint8_t, kBucketsMax> overflow{};
    DCHECK(from.count <= bucket_count * HashBucket::kSlots);
    for (size_t i = 0; i < from.count; ++i) {
        const auto [hash, slot] = from.elements[i];
        unsigned at = segment.home(hash);
        while (used[at] == HashBucket::kSlots) {
            ++overflow[at];  // At most the elements of a segment, less than kOverflowMax.
            at = at + 1 == bucket_count ? 0 : at + 1;
        }
        const uint64_t stored_bits = segment.stored_bits(hash);
        buckets[at].fill_fresh(used[at]++, fingerprint_of(hash), with_hash_bits(slot, stored_bits));
    }
    for (unsigned at = 0; at < bucket_count; ++at) buckets[at].set_overflow(overflow[at]);
    return segment;
}
static_assert(HashTableCore::kSegmentSlots < HashBucket::kOverflowMax);

void HashTableCore::resize(uint64_t hash, SegmentWord segment, unsigned bucket_count) {
    Gathering gathering;
    gather(hash, segment, gathering);
    directory_.set(hash, build(gathering, bucket_count, segment.depth(), segment.stored_shift()));
    free_buckets(segment);
}

void HashTableCore::split(uint64_t hash, SegmentWord segment, Hasher hasher) {
    Gathering all;
    gather(hash, segment, all);
    const unsigned depth = segment.depth() + 1;
    unsigned stored_shift = segment.stored_shift();
    // The ten bits of the home bucket must still be among those that the slots hold.
    if (64 - depth - kHomeBits < stored_shift) {
        stored_shift = fresh_stored_shift(depth);
        for (size_t i = 0; i < all.count; ++i) prefetch(slot_element(all.elements[i].slot));
        for (size_t i = 0; i < all.count; ++i)
            all.elements[i].hash = hasher(slot_element(all.elements[i].slot));
    }
    Gathering lower;
    Gathering upper;
    for (size_t i = 0; i < all.count; ++i) {
        const bool is_upper = (all.elements[i].hash >> (64 - depth) & 1) != 0;
        (is_upper ? upper : lower).add(all.elements[i]);
    }
    const SegmentWord low =
        build(lower, buckets_for(lower.count, kFillPercent), depth, stored_shift);
    const SegmentWord high =
        build(upper, buckets_for(upper.count, kFillPercent), depth, stored_shift);
    directory_.split(hash, low, high);
    free_buckets(segment);
}

void HashTableCore::erase(uint64_t hash, uint64_t* slot) {
    const auto address = reinterpret_cast<uintptr_t>(slot);
    auto* bucket = reinterpret_cast<HashBucket*>(address & ~uintptr_t{sizeof(HashBucket) - 1});
    const SegmentWord segment = directory_.find(hash);
    const unsigned count = segment.bucket_count();
    HashBucket* const buckets = segment.buckets();
    for (unsigned at = segment.home(hash); &buckets[at] != bucket;
         at = at + 1 == count ? 0 : at + 1)
        buckets[at].drop_overflow();
    bucket->empty(static_cast<unsigned>(slot - bucket->slots));
    --size_;
}

// ---- Shrinking ----

uint64_t HashTableCore::shrink_step(uint64_t position) {
    const SegmentWord segment = directory_.find(position);
    if (!resizing_allowed_) return position_after(segment, position);
    directory_.shrink(position);
    if (is_no_segment(segment)) return 0;

    const unsigned buckets = segment.bucket_count();
    const size_t count = count_elements(segment);
    const bool half_full = count * 2 * 100 <= kSegmentSlots * kJoinPercent;
    if (half_full && merge(position, segment, count))
        return position_after(directory_.find(position), position);
    const unsigned fewer = buckets_for(count, kFillPercent);
    if (count == 0 && segment.depth() == 0) {
        free_buckets(segment);
        directory_.set(0, no_segment());
    } else if (fewer < buckets) {
        resize(position, segment, fewer);
    } else if (heap_ != nullptr) {
        auto* const moved = static_cast<HashBucket*>(heap_->move_if_sparse(segment.buckets()));
        if (moved != nullptr) {
            directory_.set(position,
                           SegmentWord(moved, buckets, segment.depth(), segment.stored_shift()));
        }
    }
    return position_after(segment, position);
}

uint64_t HashTableCore::renew_segment(uint64_t position) {
    DCHECK(heap_ == nullptr && !directory_.is_version());
    const SegmentWord segment = directory_.find(position);
    if (is_no_segment(segment)) return 0;
    const unsigned count = segment.bucket_count();
    HashBucket* const buckets = make_buckets(count);
    std::copy_n(segment.buckets(), count, buckets);
    directory_.set(position, SegmentWord(buckets, count, segment.depth(), segment.stored_shift()));
    free_buckets(segment);
    return position_after(segment, position);
}

// Joins the segment with its sibling if there is room for both.
bool HashTableCore::merge(uint64_t position, SegmentWord segment, size_t count) {
    if (!directory_.can_merge(position)) return false;
    const unsigned depth = segment.depth();
    const uint64_t sibling_position = position ^ uint64_t { 1 } << (64 - depth);
    const SegmentWord sibling = directory_.find(sibling_position);
    if (sibling.depth() != depth) return false;
    count += count_elements(sibling);
    if (count * 100 > kSegmentSlots * kJoinPercent) return false;

    Gathering gathering;
    gather(position, segment, gathering);
    gather(sibling_position, sibling, gathering);
    // Slots may begin at any bit up to the new depth, since what is before their old beginning is
    // the prefix.
    const unsigned stored_shift =
        std::max({segment.stored_shift(), sibling.stored_shift(), fresh_stored_shift(depth - 1)});
    directory_.merge(position,
                     build(gathering, buckets_for(count, kFillPercent), depth - 1, stored_shift));
    free_buckets(segment);
    free_buckets(sibling);
    return true;
}

bool HashTableCore::drain_segment(SlabHeap* mine, RemoteFrees& frees) {
    DCHECK(heap_ != nullptr);
    const SegmentWord segment = draining_segment();
    if (!is_no_segment(segment)) {
        size_ -= count_elements(segment);
        buckets_ -= segment.bucket_count();
        SlabHeap::free_anywhere(segment.buckets(), mine, frees);
    }
    drain_position_ = position_after(segment, drain_position_);
    if (drain_position_ != 0) return true;
    std::destroy_at(&directory_);
    std::construct_at(&directory_, no_segment());
    return false;
}

// ---- Walking ----

uint64_t* HashTableCore::random(uint64_t entropy) const {
    if (size_ == 0) return nullptr;
    for (unsigned tries = 0; tries < kRandomTries; ++tries) {
        entropy += 0x9e3779b97f4a7c15;
        const SegmentWord segment = directory_.find(mix(entropy));
        const uint64_t slots = segment.bucket_count() * HashBucket::kSlots;
        const auto at = static_cast<unsigned>((mix(entropy ^ slots) >> 32) * slots >> 32);
        HashBucket& bucket = segment.buckets()[at / HashBucket::kSlots];
        const unsigned index = at % HashBucket::kSlots;
        if (bucket.fingerprint_at(index) != 0) return &bucket.slots[index];
    }
    // Hardly anything is left: whatever comes next.
    for (uint64_t position = mix(entropy);;) {
        const SegmentWord segment = directory_.find(position);
        for (unsigned i = 0; i < segment.bucket_count(); ++i) {
            HashBucket& bucket = segment.buckets()[i];
            const unsigned used = bucket.used_slots();
            if (used != 0) return &bucket.slots[std::countr_zero(used)];
        }
        position = position_after(segment, position);
    }
}

void HashTableCore::scan(uint64_t position, Hasher hasher, ScanStep& step) const {
    const SegmentWord segment = directory_.find(position);
    const unsigned count = segment.bucket_count();
    const unsigned home = segment.home(position);
    step.count = 0;
    step.next = segment.home_end(position);
    unsigned at = home;
    for (unsigned passed = 0; passed < count; ++passed, at = at + 1 == count ? 0 : at + 1) {
        const HashBucket& bucket = segment.buckets()[at];
        for (unsigned used = bucket.used_slots(); used != 0; used &= used - 1) {
            const auto index = static_cast<unsigned>(std::countr_zero(used));
            if (segment.home(known_hash(position, segment, bucket, index)) != home) continue;
            prefetch(slot_element(bucket.slots[index]));
            step.found[step.count++] = bucket.slots[index];
        }
        if (bucket.overflow() == 0) break;
    }
    unsigned kept = 0;
    for (unsigned i = 0; i < step.count; ++i) {
        const uint64_t slot = step.found[i];
        if (hasher(slot_element(slot)) >= position) step.found[kept++] = slot;
    }
    step.count = kept;
}

// ---- Inspection ----

template <typename Visitor>
void HashTableCore::for_each_segment(Visitor&& visitor) const {
    uint64_t position = drain_position_;
    do {
        const SegmentWord segment = directory_.find(position);
        visitor(position, segment);
        position = position_after(segment, position);
    } while (position != 0);
}

HashTableStatistics HashTableCore::statistics() const {
    HashTableStatistics statistics;
    statistics.directory_pages = directory_.page_count();
    statistics.directory_entries = directory_.entry_count();
    for_each_segment([&](uint64_t position, SegmentWord segment) {
        const unsigned count = segment.bucket_count();
        ++statistics.segments;
        statistics.buckets += count;
        statistics.depth_max = std::max(statistics.depth_max, segment.depth());
        for (unsigned i = 0; i < count; ++i) {
            const HashBucket& bucket = segment.buckets()[i];
            for (unsigned used = bucket.used_slots(); used != 0; used &= used - 1) {
                const auto index = static_cast<unsigned>(std::countr_zero(used));
                const unsigned home = segment.home(known_hash(position, segment, bucket, index));
                const unsigned distance = (i + count - home) % count;
                ++statistics.elements;
                if (distance > 0) ++statistics.displaced;
                ++statistics.lengths[std::min<size_t>(distance, HashTableStatistics::kLengths - 1)];
            }
        }
    });
    return statistics;
}

void HashTableCore::check_segment(SegmentWord segment, uint64_t position, Hasher hasher) const {
    const unsigned count = segment.bucket_count();
    CHECK(std::find(std::begin(kBucketCounts), std::end(kBucketCounts), count) !=
          std::end(kBucketCounts));
    CHECK(64 - segment.depth() - kHomeBits >= segment.stored_shift());
    CHECK(segment.stored_shift() >= fresh_stored_shift(segment.depth()));
    std::array<uint64_t, kBucketsMax> overflow{};
    for (unsigned i = 0; i < count; ++i) {
        const HashBucket& bucket = segment.buckets()[i];
        for (unsigned index = 0; index < HashBucket::kSlots; ++index) {
            const bool used = (bucket.used_slots() >> index & 1) != 0;
            CHECK(used == (bucket.slots[index] != 0));
            if (!used) continue;
            const uint64_t hash = hasher(slot_element(bucket.slots[index]));
            CHECK(position_after(segment, hash) == position_after(segment, position));
            CHECK(bucket.fingerprint_at(index) == fingerprint_of(hash));
            CHECK(slot_hash_bits(bucket.slots[index]) == segment.stored_bits(hash));
            for (unsigned at = segment.home(hash); at != i; at = (at + 1) % count) ++overflow[at];
        }
    }
    for (unsigned i = 0; i < count; ++i) {
        const unsigned counted = segment.buckets()[i].overflow();
        CHECK(counted == overflow[i] || counted == HashBucket::kOverflowMax);
    }
}

void HashTableCore::check_invariants(Hasher hasher) const {
    directory_.check_invariants();
    uint64_t buckets = 0;
    uint64_t elements = 0;
    for_each_segment([&](uint64_t position, SegmentWord segment) {
        check_segment(segment, position, hasher);
        elements += count_elements(segment);
        if (!is_no_segment(segment)) buckets += segment.bucket_count();
    });
    CHECK(elements == size_);
    CHECK(buckets == buckets_);
}

}  // namespace millrace::structures
