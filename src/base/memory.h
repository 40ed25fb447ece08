// SPDX-License-Identifier: BSD-3-Clause
//
// The general allocator and the count of memory in use. This is the one place that knows jemalloc.
//
// Every byte the program asks for is counted where it is asked for: allocate() and deallocate(),
// the global operators new and delete, and the slabs of structures/slab_heap.h. (Memory that C
// libraries take from malloc is not.) Each thread owns a pair of counters, bytes it allocated and
// bytes it freed, that nobody else writes:
//
//     thread 1   allocated 900   freed 100 ┐
//     thread 2   allocated  50   freed 700 ┼─► used_bytes() = 950 - 800 = 150
//     finished   allocated   0   freed   0 ┘
//
// An object may be freed by another thread than the one that allocated it, so a single thread's
// difference means nothing, but the sum is exact at once. Counting costs about a nanosecond: no
// atomic read-modify-write, no shared line. A thread that ends leaves its counters, totals
// included, to the next one that starts.
//
// Sizes are counted as the allocator rounds them, so used_bytes() compares with its statistics.
//
// Builds with sanitizers take malloc instead, so that the sanitizer sees every block, and leave new
// and delete to it, uncounted.
//
// Owner:   the process; besides the logger and the thread roles these counters are its only global.
// Threads: any.
// Limits:  running out of memory ends the process with a report; nothing returns null.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace millrace {

// Memory aligned to 16 bytes, counted.
void* allocate(size_t bytes);

// Gives back what allocate() returned; null does nothing. Telling the size that was asked for saves
// a look-up.
void deallocate(void* memory);
void deallocate(void* memory, size_t bytes);

// What the block really holds, at least what was asked for. This is what is counted.
size_t usable_bytes(const void* memory);

// Bytes in use by the whole program, slabs included. Costs a few nanoseconds per thread.
uint64_t used_bytes();

// What the allocator holds, for INFO; slabs are included. Takes tens of microseconds.
struct AllocatorStatistics {
    uint64_t allocated = 0;  // Handed out.
    uint64_t active = 0;     // Pages with at least one block handed out.
    uint64_t resident = 0;   // Pages that may be in physical memory.
    uint64_t muzzy = 0;      // Pages the system may take whenever it likes.
};
AllocatorStatistics allocator_statistics();

// "jemalloc-5.3.0"
std::string_view allocator_name();

// Gives unused pages of the general allocator back to the system now. The slabs have
// SlabHeap::trim.
void release_free_memory();

// Gives what the calling thread has at hand back to the general allocator: a single free block can
// keep pages from being unused.
void drop_thread_cache();

// While it lives the calling thread has nothing at hand: what it frees goes back at once, and what
// it allocates comes from the fullest pages. For moving blocks together.
class NoThreadCache {
public:
    NoThreadCache();
    ~NoThreadCache();
    NoThreadCache(const NoThreadCache&) = delete;
    NoThreadCache& operator=(const NoThreadCache&) = delete;

private:
    bool before_ = false;
};

// Lets the allocator return unused pages on threads of its own rather than in passing. False: not
// possible.
bool set_allocator_background_threads(bool enabled);

// Physical memory of the process as the system sees it; 0 when it does not say.
uint64_t resident_set_bytes();

// ---- For allocators built on top (the slabs): they map memory themselves and count the pieces
// here. ----

struct MemoryCounters {
    std::atomic<uint64_t> allocated{0};
    std::atomic<uint64_t> freed{0};
    std::atomic<uint64_t> slab_allocated{0};
    std::atomic<uint64_t> slab_freed{0};
};

// The calling thread's counters; null before its first use and while it ends.
inline constinit thread_local MemoryCounters* thread_memory_counters = nullptr;

// Counts on behalf of a thread that has no counters (yet, or any more).
void count_slab_slowly(uint64_t allocated, uint64_t freed);

// Bytes mapped for slabs (negative: unmapped).
void count_slab_mapped(int64_t bytes);

inline void count_by_owner(std::atomic<uint64_t>& counter, uint64_t bytes) {
    // Release, so that whoever sees a block counted as freed sees it counted as allocated.
    counter.store(counter.load(std::memory_order_relaxed) + bytes, std::memory_order_release);
}

inline void count_slab_allocated(uint64_t bytes) {
    if (MemoryCounters* counters = thread_memory_counters; __builtin_expect(counters != nullptr, 1))
        count_by_owner(counters->slab_allocated, bytes);
    else
        count_slab_slowly(bytes, 0);
}

inline void count_slab_freed(uint64_t bytes) {
    if (MemoryCounters* counters = thread_memory_counters; __builtin_expect(counters != nullptr, 1))
        count_by_owner(counters->slab_freed, bytes);
    else
        count_slab_slowly(0, bytes);
}

}  // namespace millrace
