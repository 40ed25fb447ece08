// SPDX-License-Identifier: BSD-3-Clause
//
// All slab heaps of a process: reserves their addresses, hands out a heap to each thread, and takes
// it back when the thread stops.
//
// Owner:   the server.
// Threads: any.
// Limits:  kHeapsMax heaps.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "structures/slab_heap.h"

namespace millrace::structures {

struct SlabOptions {
    bool huge_pages = false;
    // A malloc for each object; only builds with the address sanitizer can.
    bool separate_objects = kAddressSanitizer;
    size_t region_bytes = 0;  // Addresses to reserve; 0: as suits the machine.
};

// Heaps outlive threads: what a thread leaves behind serves the next.
class SlabHeapPool {
public:
    static constexpr size_t kHeapsMax = 1024;

    explicit SlabHeapPool(SlabOptions options = {});
    ~SlabHeapPool();  // Every heap has been given back.
    SlabHeapPool(const SlabHeapPool&) = delete;
    SlabHeapPool& operator=(const SlabHeapPool&) = delete;

    // A heap for the calling thread, or for one that it starts.
    SlabHeap& take();
    void give_back(SlabHeap& heap);

    // Trims the heaps that nobody has taken.
    void trim_idle();
    size_t ready_chunks() const { return region_.ready_chunks(); }

    uint64_t mapped_bytes() const { return region_.mapped_bytes(); }

    // How well pages are filled, all heaps together; costs little.
    struct Filling {
        uint64_t page_bytes = 0;
        uint64_t live_bytes = 0;  // With what waits in magazines, or to be collected.
        uint64_t discarded_bytes = 0;  // Pages whose memory the system has.
        uint64_t resident_bytes = 0;   // At most: some may never have been touched.
        uint64_t waste_bytes() const { return page_bytes - std::min(live_bytes, page_bytes); }
    };
    Filling filling() const;

private:
    friend class RemoteFrees;
    SlabRegion region_;
    const bool separate_;
    mutable std::mutex mutex_;
    std::vector<std::unique_ptr<SlabHeap, void (*)(SlabHeap*)>> heaps_;
    std::vector<SlabHeap*> idle_;
};

}  // namespace millrace::structures
