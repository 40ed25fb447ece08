// SPDX-License-Identifier: BSD-3-Clause
//
// Where slabs get their memory: one reserved range of addresses, cut into chunks of 2 MiB and pages
// of 64 KiB.
//
//     reserved   |chunk 0|chunk 1| -- not mapped -- |chunk 7| ...     (4 x physical memory)
//     a chunk    |page 0|page 1| ... |page 31|                         (objects only, no headers)
//     on the side  chunks[i]: who owns it, class of each page        (read by whoever frees)
//                  pages[j]:  free list and counts of one page       (owner only)
//
// The descriptions stand beside the memory rather than at the start of each page for two reasons.
// At the starts of pages all of them would share a few sets of the caches, and freeing objects at
// random would always miss; side by side those of 1 GiB take 1 MiB. And what other threads read is
// apart from what the owner writes with every call. Because the range is one, an address finds its
// description by a shift.
//
// Reserving addresses takes no memory; a chunk takes memory when it is first touched. When there
// are some, the next ones come out of a reserve that another thread has touched. A chunk that is
// wanted when the reserve is empty has small pages, unless touching huge ones has been quick.
//
// Owner:   the SlabHeapPool.
// Threads: mapping and closing chunks: any, under a mutex (once per 2 MiB). Descriptions: as
// marked.
// Limits:  running out of the range, or of memory, ends the process.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "structures/chunk_reserve.h"

namespace millrace::structures {

class SlabHeap;

inline constexpr size_t kSlabPageBytes = size_t{64} << 10;
inline constexpr size_t kSlabChunkBytes = size_t{2} << 20;
inline constexpr size_t kSlabChunkPages = kSlabChunkBytes / kSlabPageBytes;

// A free object holds the next one of its page.
struct FreeObject {
    FreeObject* next;
};

// One page: objects of one class. Written and read by the owner of the heap only.
struct alignas(64) SlabPage {
    FreeObject* free = nullptr;  // The last one freed first.
    uint16_t live = 0;           // Objects handed out.
    uint16_t wake_at = 0;        // put_back() has more to do when `live` falls to this.
    uint16_t object_bytes = 0;   // Of the class; 0: the page belongs to no class.
    uint16_t capacity = 0;       // Objects that fit.
    uint16_t carved = 0;         // Objects made so far; the rest of the page is untouched.
    uint16_t size_class = 0;
    SlabPage* previous = nullptr;  // Pages of this class that have room; both null when full.
    SlabPage* next = nullptr;
};

enum class PageKind : uint8_t { kSmall, kHuge };

struct SlabChunk {
    // Constant while the page has a live object, hence readable by whoever frees one.
    alignas(64) SlabHeap* owner = nullptr;
    uint16_t owner_index = 0;
    // Pages that have become sparse and not been full since; by the owner, for whoever may move
    // what is in them.
    std::atomic<uint32_t> sparse_pages{0};
    uint8_t class_of_page[kSlabChunkPages] = {};

    // The owner's: pages without a class, and the list of chunks that have some.
    alignas(64) uint32_t free_pages = 0;
    uint32_t discarded_pages = 0;  // Those of them whose memory the system has.
    SlabChunk* previous = nullptr;
    SlabChunk* next = nullptr;
};

class SlabRegion {
public:
    // Reserves at least `bytes` of addresses, 0 for a size that suits the machine.
    SlabRegion(size_t bytes, bool huge_pages);
    ~SlabRegion();
    SlabRegion(const SlabRegion&) = delete;
    SlabRegion& operator=(const SlabRegion&) = delete;

    // A chunk of zeroed memory with a fresh description; and back.
    SlabChunk* map_chunk(SlabHeap* owner, uint16_t owner_index);
    void unmap_chunk(SlabChunk* chunk);
    // Gives back what is kept ready for map_chunk().
    void drop_reserve() { reserve_.drop(); }

    // The chunk without an owner: addresses that nobody else gets; accessible memory; all of it
    // there; no memory any more, which unclaims it too.
    SlabChunk* claim_chunk();
    void open_chunk(SlabChunk* chunk, PageKind kind);
    void touch_chunk(const SlabChunk* chunk);
    void close_chunk(SlabChunk* chunk);
    // Of one that was not opened.
    void unclaim_chunk(SlabChunk* chunk);

    // Drops the contents of a page, which stays mapped.
    void discard_page(SlabPage* page);
    // Before the first page of a chunk is discarded its huge page is given up: the system would put
    // a whole one there again. With all in use it may be huge once more.
    void allow_huge_page(SlabChunk* chunk, bool allowed);

    SlabChunk* chunk_of(const void* object) const {
        return &chunks_[offset_of(object) / kSlabChunkBytes];
    }
    SlabPage* page_of(const void* object) const {
        return &pages_[offset_of(object) / kSlabPageBytes];
    }
    // The class of an object, by what every thread may read.
    size_t class_of(const void* object) const {
        const size_t page = offset_of(object) / kSlabPageBytes % kSlabChunkPages;
        return chunk_of(object)->class_of_page[page];
    }
    size_t ready_chunks() const { return reserve_.ready(); }
    SlabPage* first_page(const SlabChunk* chunk) const {
        return &pages_[static_cast<size_t>(chunk - chunks_) * kSlabChunkPages];
    }
    char* memory_of(const SlabPage* page) const {
        return base_ + static_cast<size_t>(page - pages_) * kSlabPageBytes;
    }

    bool contains(const void* object) const { return offset_of(object) < region_bytes(); }
    bool is_sparse(const void* object) const {
        const size_t page = offset_of(object) / kSlabPageBytes % kSlabChunkPages;
        const SlabChunk* chunk = chunk_of(object);
        return (chunk->sparse_pages.load(std::memory_order_relaxed) >> page & 1) != 0;
    }

    // Every description ever used, mapped or not; for inspection.
    template <typename Visitor>
    void for_each_chunk(Visitor&& visitor) {
        const std::lock_guard lock(mutex_);
        for (size_t i = 0; i < chunks_touched_; ++i) visitor(&chunks_[i]);
    }

    uint64_t mapped_bytes() const { return mapped_bytes_.load(std::memory_order_relaxed); }

private:
    size_t region_bytes() const { return chunk_count_ * kSlabChunkBytes; }
    size_t offset_of(const void* object) const {
        return static_cast<size_t>(static_cast<const char*>(object) - base_);
    }

    char* base_ = nullptr;  // Aligned to a chunk.
    // In mappings of their own, of which only the used part takes memory.
    SlabChunk* chunks_ = nullptr;
    SlabPage* pages_ = nullptr;

    size_t chunk_count_ = 0;
    void* reservation_ = nullptr;
    size_t reservation_bytes_ = 0;
    bool huge_pages_ = false;

    std::mutex mutex_;
    size_t chunks_touched_ = 0;  // Chunks below this have been mapped at least once.
    std::vector<SlabChunk*> unmapped_;
    std::atomic<uint64_t> mapped_bytes_{0};
    ChunkReserve reserve_{*this};
};

}  // namespace millrace::structures
