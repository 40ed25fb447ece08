// SPDX-License-Identifier: BSD-3-Clause
//
// Slabs: memory for the many small objects (entries up to about 1 KiB, segments of hash tables up
// to 2 KiB), in finer sizes than the general allocator has, each object freed by whatever thread
// comes to hold it.
//
//     SlabHeapPool ── reserves the addresses, hands out heaps, takes them back when a thread stops
//       └─ SlabHeap ── one owner thread: allocate, deallocate, collect
//            ├─ per class: magazine of free objects at hand
//            ├─ per class: list of pages with room; the first one fills the magazine
//            ├─ chunks with pages that have no class
//            └─ freed_elsewhere_ ◄── one compare-and-swap per flush ── RemoteFrees of others
//
// **The owner** takes from the magazine of the class and puts back there: last freed, first reused,
// while it is warm. That touches neither the object nor the description of its page, which would be
// a miss of the cache when objects are replaced at random, as SET does. An empty magazine takes
// some objects from the first page of the class; a full one gives half of them to their pages, the
// longest there first. A page that was full comes to the front of its list with the first object
// that comes back, a page that has become sparse goes to the end: full pages stay full, and sparse
// ones get a chance to empty. A page without objects can serve any class; a chunk of 32 such pages
// goes back to the system, beyond a reserve of kReserveChunks.
//
// **Other threads** collect what they free in a RemoteFrees, grouped by heap, and hand each group
// over at once. A freed object serves as the note that lists others, in its own memory:
//
//     freed_elsewhere_ ─► note ───────────────────────► note ─► ...      (newest first)
//                         | next | count | object | object | ... |  (32 bytes and more)
//                         | next |                                  (smaller: itself only)
//
// so handing over n objects writes to few lines, and the owner, who finds their addresses side by
// side, can prefetch them all instead of following a chain from miss to miss. He takes the whole
// stack by one exchange when a class has no room left, or in collect().
//
// **Accounting**: in class sizes, by base/memory.h: allocated by the thread that allocates, freed
// by the thread that frees, whoever the owner is. used_bytes() is exact without waiting for owners
// to collect.
//
// **Sanitizers**: with the address sanitizer each object is a malloc of its own.
//
// Costs, measured: allocate and deallocate take 6 ns together while the magazine serves, 11 with a
// random object of a thousand; handing over and taking back 16 ns. See slab_heap_bench.cc.
//
// Owner:   SlabHeapPool; the thread that took a heap is its owner until it gives it back.
// Threads: SlabHeap: its owner. RemoteFrees: its user, any one thread. SlabHeapPool: any.
// Limits:  kSlabBytesMax per object, kHeapsMax heaps.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include "base/assert.h"
#include "base/memory.h"
#include "base/prefetch.h"
#include "structures/address_sanitizer.h"
#include "structures/slab_classes.h"
#include "structures/slab_region.h"

namespace millrace::structures {

class RemoteFrees;
class SlabHeapPool;

struct SlabStatistics {
    // In objects not yet back, in class sizes; what was freed elsewhere is until it is collected.
    uint64_t live_bytes = 0;
    uint64_t page_bytes = 0;   // In pages that have a class.
    uint64_t chunk_bytes = 0;  // Mapped.
};

class SlabHeap {
public:
    static constexpr size_t kReserveChunks = 2;

    // `bytes` at most kSlabBytesMax; never null. The contents are undefined.
    void* allocate(size_t bytes);

    // Gives back an object of this heap.
    void deallocate(void* object);

    // Gives back an object of any heap: at once if it is of `mine`, through `remote` if not (or
    // `mine` is null).
    static void free_anywhere(void* object, SlabHeap* mine, RemoteFrees& remote);

    bool owns(const void* object) const;

    // What an object of any heap of the same pool really holds.
    size_t object_bytes(const void* object) const;

    // Takes in what other threads have freed. Costs nothing when there is nothing.
    void collect();

    // Moves an object that stands in a sparse page to a fuller one, so that the sparse one can
    // empty; returns where the bytes are now, null if they stayed.
    void* move_if_sparse(void* object);

    // Gives free objects at hand to their pages: a single one keeps its page from being free.
    void empty_magazines();

    // Empties the magazines and gives memory without objects back to the system, the reserve too;
    // returns how much. Call it once in a while when there is nothing else to do.
    size_t trim();

    // As trim(), in slices: at most about `bytes_max` at a time; less when there is no more.
    size_t trim_some(size_t bytes_max);

    // Whether an object of any heap of the same pool stands in a page that has become sparse.
    // Other memory does not.
    bool is_in_sparse_page(const void* object) const {
        if (kAddressSanitizer && separate_) return false;
        return region_.contains(object) && region_.is_sparse(object);
    }

    SlabStatistics statistics() const;
    void check_invariants() const;

private:
    friend class SlabHeapPool;
    friend class RemoteFrees;

    // The beginning of a freed object that lists others.
    struct Note {
        Note* next;
        uint64_t count;  // Only in objects of kNoteBytesMin and more, as are the `count` addresses
                         // after it.
        void** objects() { return reinterpret_cast<void**>(this + 1); }
    };
    // Free objects at hand. To their pages they are still live.
    struct Magazine {
        // A turn of the server builds up to 256 values before it frees what they replace.
        static constexpr uint32_t kRoomMax = 288;
        static constexpr size_t kBytesMax = size_t{176} << 10;
        uint32_t count = 0;
        uint32_t room = 0;
        void* objects[kRoomMax];
    };
    static constexpr size_t kNoteBytesMin = 32;
    static constexpr size_t note_capacity(size_t object_bytes) {
        return object_bytes < kNoteBytesMin ? 0 : (object_bytes - sizeof(Note)) / sizeof(void*);
    }

    SlabHeap(SlabRegion& region, uint16_t index, bool separate);
    ~SlabHeap();

    void* refill(size_t size_class);
    void flush(Magazine& magazine, uint32_t count);
    void put_back(void* object);
    void page_changed(SlabPage* page);
    bool carve(SlabPage* page);
    SlabPage* page_with_room(size_t size_class);
    SlabPage* fresh_page(size_t size_class);
    void release_page(SlabPage* page);
    bool collect_some();
    void collect_note(Note* note);
    void collect_object(void* object);
    void push_freed(Note* newest, Note* oldest);
    void link(SlabPage* page, bool front);
    void unlink(SlabPage* page);
    void link_chunk(SlabChunk* chunk, bool front);
    void unlink_chunk(SlabChunk* chunk);
    void release_free_chunks(size_t keep);
    void mark_sparse(const SlabPage* page, bool sparse);
    void count_live(int64_t objects, size_t object_bytes);
    void count_discarded(int64_t pages);
    size_t discard_pages(SlabChunk* chunk, size_t pages_max);
    void check_owner();

    void* allocate_separate(size_t size_class, size_t bytes);
    static void deallocate_separate(void* object);
    static size_t separate_bytes(const void* object);
    bool owns_separate(const void* object) const;
    void check_page(const SlabPage* page, bool listed) const;
    void check_magazines() const;

    Magazine magazines_[kSlabClasses];
    SlabPage* first_[kSlabClasses];  // Never null: no_page_ ends each list. Sparse pages come last.
    SlabPage* last_[kSlabClasses];
    SlabRegion& region_;
    SlabPage no_page_;                   // Always empty, never has room.
    Note* collected_ = nullptr;          // Taken from freed_elsewhere_, not yet put back.
    SlabChunk* chunks_first_ = nullptr;  // Those with free pages; wholly free ones last.
    SlabChunk* chunks_last_ = nullptr;
    size_t chunks_ = 0;
    size_t chunks_free_ = 0;
    // Pages that have a class, those whose memory the system has, and bytes of the objects that
    // have been handed out: written by the owner only.
    std::atomic<uint64_t> pages_{0};
    std::atomic<uint64_t> discarded_{0};
    std::atomic<uint64_t> live_bytes_{0};
    const uint16_t index_;
    const bool separate_;
    std::atomic<uint64_t> separate_live_{0};  // Bytes in objects of their own.
    std::thread::id owner_thread_;            // Debug builds: who used it first since it was taken.

    alignas(128) std::atomic<Note*> freed_elsewhere_{nullptr};
};

// Objects freed by one thread that belong to heaps of others.
class RemoteFrees {
public:
    explicit RemoteFrees(SlabHeapPool& pool);
    ~RemoteFrees() { flush(); }
    RemoteFrees(const RemoteFrees&) = delete;
    RemoteFrees& operator=(const RemoteFrees&) = delete;

    // The object is gone for the caller, and counted as freed; its memory waits here for flush().
    void add(void* object);

    // Hands everything to its owners.
    void flush();

    bool empty() const { return touched_.empty(); }

private:
    friend class SlabHeap;
    struct Chain {
        SlabHeap::Note* newest = nullptr;
        SlabHeap::Note* oldest = nullptr;
        size_t room = 0;  // Objects that the newest note can still list.
    };

    SlabRegion& region_;
    const bool separate_;
    std::vector<Chain> chains_;       // By index of the heap.
    std::vector<SlabHeap*> touched_;  // Whose chain is not empty.
};

// ---- The short ways ----

inline void* SlabHeap::allocate(size_t bytes) {
    DCHECK(bytes <= kSlabBytesMax);
    const size_t size_class = slab_class_of(bytes);
    if (kAddressSanitizer && separate_) return allocate_separate(size_class, bytes);
    check_owner();

    Magazine& magazine = magazines_[size_class];
    count_slab_allocated(slab_detail::kClassBytes[size_class]);
    if (__builtin_expect(magazine.count == 0, 0)) return refill(size_class);
    void* object = magazine.objects[--magazine.count];
    // The caller of the next call will write to it, most likely as much as this one.
    if (magazine.count > 0) {
        const char* next = static_cast<const char*>(magazine.objects[magazine.count - 1]);
        for (size_t line = 0; line < bytes; line += 64) prefetch_to_write(next + line);
    }
    return object;
}

inline void SlabHeap::deallocate(void* object) {
    if (kAddressSanitizer && separate_) return deallocate_separate(object);
    check_owner();
    DCHECK(owns(object));
    const size_t size_class = region_.class_of(object);
    count_slab_freed(slab_detail::kClassBytes[size_class]);
    Magazine& magazine = magazines_[size_class];
    if (__builtin_expect(magazine.count == magazine.room, 0)) flush(magazine, magazine.room / 2);
    magazine.objects[magazine.count++] = object;
}

inline bool SlabHeap::owns(const void* object) const {
    if (kAddressSanitizer && separate_) return owns_separate(object);
    return region_.chunk_of(object)->owner == this;
}

inline void SlabHeap::free_anywhere(void* object, SlabHeap* mine, RemoteFrees& remote) {
    if (mine != nullptr && mine->owns(object))
        mine->deallocate(object);
    else
        remote.add(object);
}

inline size_t SlabHeap::object_bytes(const void* object) const {
    if (kAddressSanitizer && separate_) return separate_bytes(object);
    return slab_detail::kClassBytes[region_.class_of(object)];
}

inline void SlabHeap::check_owner() {
#ifdef MILLRACE_DCHECK
    if (owner_thread_ == std::thread::id()) owner_thread_ = std::this_thread::get_id();
    CHECK(owner_thread_ == std::this_thread::get_id());
#endif
}

}  // namespace millrace::structures
