// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "structures/slab_pool.h"

namespace millrace::structures {
namespace {

// Tests of the slabs themselves want real slabs under every sanitizer.
constexpr SlabOptions kSlabs{.separate_objects = false, .region_bytes = size_t{1} << 32};

struct Taken {
    explicit Taken(SlabHeapPool& pool_) : pool(pool_), heap(pool_.take()) {}
    ~Taken() { pool.give_back(heap); }
    SlabHeapPool& pool;
    SlabHeap& heap;
};

TEST(SlabClasses, RoundUpByAtMostTheirDistance) {
    for (size_t bytes = 0; bytes <= kSlabBytesMax; ++bytes) {
        const size_t rounded = slab_class_bytes(bytes);
        ASSERT_GE(rounded, bytes);
        ASSERT_EQ(slab_class_bytes(rounded), rounded);
        const size_t distance = bytes <= 128 ? 8 : bytes <= 1024 ? 32 : 256;
        ASSERT_LT(rounded, bytes + std::max(distance, size_t{9} - std::min<size_t>(bytes, 8)));
    }
    EXPECT_EQ(slab_class_bytes(1), 8u);
    EXPECT_EQ(slab_class_bytes(129), 160u);
    EXPECT_EQ(slab_class_bytes(553), 576u);
    EXPECT_EQ(slab_class_bytes(1025), 1280u);
}

TEST(SlabHeap, AlignsObjectsAndReusesTheLastOneFreed) {
    SlabHeapPool pool(kSlabs);
    Taken taken(pool);
    SlabHeap& heap = taken.heap;
    for (size_t bytes = 1; bytes <= kSlabBytesMax; bytes += 7) {
        void* object = heap.allocate(bytes);
        const size_t rounded = slab_class_bytes(bytes);
        EXPECT_EQ(reinterpret_cast<uintptr_t>(object) % (rounded % 64 == 0 ? 64 : 8), 0u);
        EXPECT_TRUE(heap.owns(object));
        std::memset(object, 0x5a, rounded);
        heap.deallocate(object);
        EXPECT_EQ(heap.allocate(bytes), object);
        heap.deallocate(object);
    }
    heap.check_invariants();
    EXPECT_EQ(heap.statistics().live_bytes, 0u);
}

TEST(SlabHeap, CountsWhatIsInUse) {
    SlabHeapPool pool(kSlabs);
    Taken taken(pool);
    const uint64_t before = used_bytes();
    void* object = taken.heap.allocate(530);
    EXPECT_EQ(used_bytes() - before, 544u);
    taken.heap.deallocate(object);
    EXPECT_EQ(used_bytes(), before);
}

TEST(SlabHeap, PagesServeAnyClassAndChunksGoBackToTheSystem) {
    SlabHeapPool pool(kSlabs);
    Taken taken(pool);
    SlabHeap& heap = taken.heap;
    for (size_t bytes : {64, 576, 2000, 8}) {
        std::vector<void*> objects;
        for (size_t total = 0; total < (16u << 20); total += bytes)
            objects.push_back(heap.allocate(bytes));
        heap.check_invariants();
        EXPECT_LT(pool.mapped_bytes(), (16u << 20) * 21 / 20 + 2 * kSlabChunkBytes);
        std::shuffle(objects.begin(), objects.end(), std::mt19937(1));
        for (void* object : objects) heap.deallocate(object);
        heap.check_invariants();
        heap.trim();
        EXPECT_EQ(pool.mapped_bytes(), 0u);
    }
}

// While data grows there are chunks in reserve, until nobody wants them.
TEST(SlabHeap, ChunksAreTouchedAhead) {
    SlabOptions options = kSlabs;
    options.huge_pages = true;
    SlabHeapPool pool(options);
    Taken taken(pool);
    std::vector<void*> objects;
    const auto grow_to = [&](size_t bytes) {
        while (pool.mapped_bytes() < bytes) {
            objects.push_back(taken.heap.allocate(1024));
            std::memset(objects.back(), 1, 1024);
        }
    };
    grow_to(4 * kSlabChunkBytes);
    EXPECT_EQ(pool.ready_chunks(), 0u);
    // The thread that touches them may come late, and give back what nobody takes.
    size_t chunks = 9;
    for (grow_to(chunks * kSlabChunkBytes); pool.ready_chunks() == 0; ++chunks) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        grow_to(chunks * kSlabChunkBytes);
    }
    grow_to((chunks + 10) * kSlabChunkBytes);
    taken.heap.check_invariants();
    taken.heap.trim();
    grow_to((chunks + 11) * kSlabChunkBytes);
    for (void* object : objects) taken.heap.deallocate(object);
    taken.heap.check_invariants();
    EXPECT_EQ(taken.heap.statistics().live_bytes, 0u);
}

// No chunk of the reserve goes to two who ask at the same moment.
TEST(SlabHeap, SeveralGrowAtOnceOutOfOneReserve) {
    SlabOptions options = kSlabs;
    options.huge_pages = true;
    SlabHeapPool pool(options);
    const auto grow = [&pool](int number) {
        Taken taken(pool);
        std::vector<char*> objects;
        for (size_t bytes = 0; bytes < 8 * kSlabChunkBytes; bytes += 2048) {
            objects.push_back(static_cast<char*>(taken.heap.allocate(2048)));
            std::memset(objects.back(), number, 2048);
        }
        for (char* object : objects) {
            EXPECT_EQ(object[0], number);
            EXPECT_EQ(object[2047], number);
            taken.heap.deallocate(object);
        }
        taken.heap.check_invariants();
    };
    std::vector<std::thread> threads;
    for (int number = 1; number <= 4; ++number) threads.emplace_back(grow, number);
    for (std::thread& thread : threads) thread.join();
}

// What the system may do with a mapping, as /proc/self/smaps abbreviates it.
std::string mapping_flags(const void* address) {
    std::ifstream mappings("/proc/self/smaps");
    const auto wanted = reinterpret_cast<uintptr_t>(address);
    bool inside = false;
    for (std::string line; std::getline(mappings, line);) {
        uintptr_t begin = 0;
        uintptr_t end = 0;
        if (std::sscanf(line.c_str(), "%" SCNxPTR "-%" SCNxPTR " ", &begin, &end) == 2) {
            inside = begin <= wanted && wanted < end;
        } else if (inside && line.starts_with("VmFlags:")) {
            return line;
        }
    }
    return "";
}

// Of a mapping for which only small pages are wanted, whatever this system makes of that.
std::string flags_with_small_pages() {
    void* memory = mmap(nullptr, kSlabChunkBytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    EXPECT_NE(memory, MAP_FAILED);
    madvise(memory, kSlabChunkBytes, MADV_NOHUGEPAGE);
    const std::string flags = mapping_flags(memory);
    munmap(memory, kSlabChunkBytes);
    return flags;
}

// A huge page takes milliseconds on some machines; who needs memory at once gets small ones.
TEST(SlabHeap, AChunkThatNobodyHasTouchedHasSmallPages) {
    SlabOptions options = kSlabs;
    options.huge_pages = true;
    SlabHeapPool pool(options);
    Taken taken(pool);
    void* object = taken.heap.allocate(1024);
    const std::string flags = mapping_flags(object);
    const std::string wanted = flags_with_small_pages();
    taken.heap.deallocate(object);
    for (const char* flag : {" nh", " hg"})
        EXPECT_EQ(flags.find(flag) != std::string::npos, wanted.find(flag) != std::string::npos)
            << flags << " instead of " << wanted;
}

TEST(SlabHeap, TrimReleasesPagesOfChunksInUse) {
    SlabHeapPool pool(kSlabs);
    Taken taken(pool);
    SlabHeap& heap = taken.heap;
    std::vector<void*> objects;
    for (size_t i = 0; i < 8000; ++i) objects.push_back(heap.allocate(1024));
    for (size_t i = 1; i < objects.size(); ++i) heap.deallocate(objects[i]);
    EXPECT_GE(heap.trim(), 5u << 20);
    heap.check_invariants();
    EXPECT_EQ(heap.trim(), 0u);  // Once is enough.
    EXPECT_EQ(pool.mapped_bytes(), kSlabChunkBytes);
    heap.deallocate(objects[0]);
}

TEST(RemoteFrees, ComeBackByCollectOrWhenTheClassRunsDry) {
    for (size_t bytes : {8, 24, 32, 576, 2048}) {
        SlabHeapPool pool(kSlabs);
        Taken taken(pool);
        SlabHeap& heap = taken.heap;
        const size_t class_bytes = slab_class_bytes(bytes);
        std::vector<void*> objects;
        for (size_t i = 0; i < 5000; ++i) objects.push_back(heap.allocate(bytes));
        uint64_t freed = 0;
        std::thread other([&] {
            RemoteFrees remote(pool);
            const uint64_t before = used_bytes();
            for (void* object : objects) SlabHeap::free_anywhere(object, nullptr, remote);
            freed = before - used_bytes();
            EXPECT_FALSE(remote.empty());
            remote.flush();
            EXPECT_TRUE(remote.empty());
        });
        other.join();
        // Counted at once, less what the collector took for its lists.
        EXPECT_NEAR(static_cast<double>(freed), static_cast<double>(5000 * class_bytes), 4096.0);
        EXPECT_EQ(heap.statistics().live_bytes, 5000 * class_bytes);

        const uint64_t mapped = pool.mapped_bytes();
        objects.resize(4000);
        for (void*& object : objects) object = heap.allocate(bytes);
        EXPECT_EQ(pool.mapped_bytes(), mapped);  // From what came back, not from fresh memory.
        heap.collect();
        heap.check_invariants();
        EXPECT_EQ(heap.statistics().live_bytes, 4000 * class_bytes);

        RemoteFrees remote(pool);
        for (void* object : objects) SlabHeap::free_anywhere(object, &heap, remote);
        EXPECT_TRUE(remote.empty());
        EXPECT_EQ(heap.statistics().live_bytes, 0u);
    }
}

TEST(SlabHeapPool, CollectsHeapsThatNobodyHasTaken) {
    SlabHeapPool pool(kSlabs);
    SlabHeap& first = pool.take();
    SlabHeap& second = pool.take();
    EXPECT_NE(&first, &second);
    RemoteFrees remote(pool);
    std::vector<void*> objects;
    for (size_t i = 0; i < 100000; ++i) objects.push_back(first.allocate(100));
    for (void* object : objects) SlabHeap::free_anywhere(object, &second, remote);
    remote.flush();
    pool.give_back(first);
    const uint64_t mapped = pool.mapped_bytes();
    pool.trim_idle();
    EXPECT_LT(pool.mapped_bytes(), mapped);
    EXPECT_EQ(first.statistics().live_bytes, 0u);
    pool.give_back(second);
}

// Objects carry a pattern, so that one handed out twice shows.
struct Exchange {
    std::mutex mutex;
    std::vector<std::pair<unsigned char*, size_t>> objects;
};

void exchange_objects(SlabHeapPool& pool, Exchange& exchange, unsigned seed, int rounds) {
    SlabHeap& heap = pool.take();
    {
        RemoteFrees remote(pool);
        std::mt19937 random(seed);
        for (int round = 0; round < rounds; ++round) {
            std::vector<std::pair<unsigned char*, size_t>> made;
            for (int i = 0; i < 64; ++i) {
                const size_t bytes =
                    random() % 4 ? 1 + random() % 600 : 1 + random() % kSlabBytesMax;
                auto* object = static_cast<unsigned char*>(heap.allocate(bytes));
                std::memset(object, static_cast<int>(bytes % 251), bytes);
                made.emplace_back(object, bytes);
            }
            std::vector<std::pair<unsigned char*, size_t>> taken;
            {
                const std::lock_guard lock(exchange.mutex);
                for (auto& object : made) exchange.objects.push_back(object);
                std::shuffle(exchange.objects.begin(), exchange.objects.end(), random);
                const size_t keep = std::min<size_t>(exchange.objects.size(), 200);
                taken.assign(exchange.objects.begin() + static_cast<long>(keep),
                             exchange.objects.end());
                exchange.objects.resize(keep);
            }
            for (auto [object, bytes] : taken) {
                for (size_t i = 0; i < bytes; ++i) ASSERT_EQ(object[i], bytes % 251);
                SlabHeap::free_anywhere(object, &heap, remote);
            }
            if (round % 3 == 0) remote.flush();
            if (round % 50 == 0) heap.collect();
        }
    }
    pool.give_back(heap);
}

void stress(SlabOptions options) {
    SlabHeapPool pool(options);
    Exchange exchange;
    exchange.objects.reserve(4096);
    const uint64_t before = used_bytes();
    {
        std::vector<std::thread> threads;
        for (unsigned wave = 0; wave < 2; ++wave) {
            for (unsigned i = 0; i < 4; ++i) {
                threads.emplace_back(
                    [&, wave, i] { exchange_objects(pool, exchange, wave * 4 + i, 200); });
            }
            for (std::thread& thread : threads) thread.join();
            threads.clear();
        }
        RemoteFrees remote(pool);
        for (auto [object, bytes] : exchange.objects)
            SlabHeap::free_anywhere(object, nullptr, remote);
        exchange.objects.clear();
    }
    pool.trim_idle();
    std::vector<SlabHeap*> heaps;
    for (int i = 0; i < 4; ++i) heaps.push_back(&pool.take());
    for (SlabHeap* heap : heaps) {
        heap->check_invariants();
        EXPECT_EQ(heap->statistics().live_bytes, 0u);
        pool.give_back(*heap);
    }
    // The heaps themselves and some lists remain.
    EXPECT_LE(used_bytes(), before + 4 * sizeof(SlabHeap) + 65536);
    EXPECT_GE(used_bytes(), before);
}

// The point of separate objects: the address sanitizer knows each of them.
TEST(SlabHeap, ShowsItsObjectsToTheAddressSanitizer) {
    if (!kAddressSanitizer) GTEST_SKIP() << "no address sanitizer";
    SlabHeapPool pool;
    Taken taken(pool);
    RemoteFrees remote(pool);
    auto* object = static_cast<volatile char*>(taken.heap.allocate(100));
    EXPECT_DEATH(object[100] = 1, "heap-buffer-overflow");
    remote.add(const_cast<char*>(object));
    EXPECT_DEATH(object[0] = 1, "heap-use-after-free");
}

TEST(SlabStress, ObjectsFreedByAnyThread) {
    stress(kSlabs);
}

TEST(SlabStress, AsTheBuildHasIt) {
    stress(SlabOptions{.region_bytes = size_t{1} << 32});
}

}  // namespace
}  // namespace millrace::structures
