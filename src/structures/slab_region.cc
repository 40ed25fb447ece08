// SPDX-License-Identifier: BSD-3-Clause
#include "structures/slab_region.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <new>

#include "base/assert.h"
#include "base/memory.h"

namespace millrace::structures {
namespace {

constexpr size_t kRegionBytesMin = size_t{1} << 30;
// With less than this nothing is kept in reserve.
constexpr uint64_t kReserveFromBytes = 4 * kSlabChunkBytes;

// Room for everything that fits in memory several times over, since fragmentation takes addresses
// too.
size_t suitable_region_bytes() {
    const auto physical =
        static_cast<size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<size_t>(sysconf(_SC_PAGESIZE));
    return std::max(kRegionBytesMin, 4 * physical);
}

void* reserve(size_t bytes) {
    void* memory =
        mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory == MAP_FAILED ? nullptr : memory;
}

// Zeroed memory of which only what is touched counts.
void* map_sparse(size_t bytes) {
    void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(memory != MAP_FAILED);
    return memory;
}

}  // namespace

SlabRegion::SlabRegion(size_t bytes, bool huge_pages) : huge_pages_(huge_pages) {
    if (bytes == 0) bytes = suitable_region_bytes();
    bytes = (bytes + kSlabChunkBytes - 1) & ~(kSlabChunkBytes - 1);
    // One chunk more than needed, to align the first. A limit on addresses may ask for less.
    while ((reservation_ = reserve(bytes + kSlabChunkBytes)) == nullptr) {
        bytes = bytes / 2 & ~(kSlabChunkBytes - 1);
        CHECK(bytes >= kSlabChunkBytes);
    }
    reservation_bytes_ = bytes + kSlabChunkBytes;
    chunk_count_ = bytes / kSlabChunkBytes;
    const auto address = reinterpret_cast<uintptr_t>(reservation_);
    base_ = reinterpret_cast<char*>((address + kSlabChunkBytes - 1) & ~(kSlabChunkBytes - 1));
    chunks_ = static_cast<SlabChunk*>(map_sparse(chunk_count_ * sizeof(SlabChunk)));
    pages_ = static_cast<SlabPage*>(map_sparse(chunk_count_ * kSlabChunkPages * sizeof(SlabPage)));
}

SlabRegion::~SlabRegion() {
    reserve_.stop();
    count_slab_mapped(-static_cast<int64_t>(mapped_bytes()));
    munmap(reservation_, reservation_bytes_);
    munmap(chunks_, chunk_count_ * sizeof(SlabChunk));
    munmap(pages_, chunk_count_ * kSlabChunkPages * sizeof(SlabPage));
}

SlabChunk* SlabRegion::claim_chunk() {
    const std::lock_guard lock(mutex_);
    if (unmapped_.empty()) {
        CHECK(chunks_touched_ < chunk_count_);
        return &chunks_[chunks_touched_++];
    }
    SlabChunk* chunk = unmapped_.back();
    unmapped_.pop_back();
    return chunk;
}

void SlabRegion::unclaim_chunk(SlabChunk* chunk) {
    const std::lock_guard lock(mutex_);
    chunk->owner = nullptr;
    unmapped_.push_back(chunk);
}

void SlabRegion::open_chunk(SlabChunk* chunk, PageKind kind) {
    char* memory = memory_of(first_page(chunk));
    const int failed = mprotect(memory, kSlabChunkBytes, PROT_READ | PROT_WRITE);
    CHECK(failed == 0);  // Out of memory.
    if (huge_pages_) {
        madvise(memory, kSlabChunkBytes,
                kind == PageKind::kHuge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    }
}

void SlabRegion::touch_chunk(const SlabChunk* chunk) {
    constexpr size_t kSystemPageBytes = 4096;
    volatile char* memory = memory_of(first_page(chunk));
    for (size_t at = 0; at < kSlabChunkBytes; at += kSystemPageBytes) memory[at] = 0;
}

void SlabRegion::close_chunk(SlabChunk* chunk) {
    char* memory = memory_of(first_page(chunk));
    // A fresh mapping in its place drops the contents and the claim to memory, and keeps the
    // addresses.
    void* fresh = mmap(memory, kSlabChunkBytes, PROT_NONE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    CHECK(fresh == memory);
    unclaim_chunk(chunk);
}

SlabChunk* SlabRegion::map_chunk(SlabHeap* owner, uint16_t owner_index) {
    SlabChunk* chunk = nullptr;
    if (huge_pages_ && mapped_bytes() >= kReserveFromBytes) chunk = reserve_.take();
    if (chunk == nullptr) {
        const bool quick = reserve_.touches_are_quick();
        chunk = claim_chunk();
        open_chunk(chunk, quick ? PageKind::kHuge : PageKind::kSmall);
        if (quick) reserve_.touch(chunk);
    }
    SlabPage* pages = first_page(chunk);
    {
        const std::lock_guard lock(mutex_);
        new (chunk) SlabChunk();
        chunk->owner = owner;
        chunk->owner_index = owner_index;
        for (size_t i = 0; i < kSlabChunkPages; ++i) new (&pages[i]) SlabPage();
    }
    mapped_bytes_.fetch_add(kSlabChunkBytes, std::memory_order_relaxed);
    count_slab_mapped(kSlabChunkBytes);
    return chunk;
}

void SlabRegion::unmap_chunk(SlabChunk* chunk) {
    mapped_bytes_.fetch_sub(kSlabChunkBytes, std::memory_order_relaxed);
    count_slab_mapped(-static_cast<int64_t>(kSlabChunkBytes));
    close_chunk(chunk);
}

void SlabRegion::allow_huge_page(SlabChunk* chunk, bool allowed) {
    if (!huge_pages_) return;
    madvise(memory_of(first_page(chunk)), kSlabChunkBytes,
            allowed ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
}

void SlabRegion::discard_page(SlabPage* page) {
    madvise(memory_of(page), kSlabPageBytes, MADV_DONTNEED);
}

}  // namespace millrace::structures
