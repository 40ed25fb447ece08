// SPDX-License-Identifier: BSD-3-Clause
#include <benchmark/benchmark.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <random>
#include <thread>
#include <vector>

#include "structures/slab_pool.h"

namespace millrace::structures {
namespace {

// One object again and again: the instructions alone.
void BM_SlabSameObject(benchmark::State& state) {
    SlabHeapPool pool;
    SlabHeap& heap = pool.take();
    for (auto _ : state) {
        void* object = heap.allocate(576);
        benchmark::DoNotOptimize(object);
        heap.deallocate(object);
    }
    pool.give_back(heap);
}
BENCHMARK(BM_SlabSameObject);

void BM_MallocSameObject(benchmark::State& state) {
    for (auto _ : state) {
        void* object = std::malloc(576);
        benchmark::DoNotOptimize(object);
        std::free(object);
    }
}
BENCHMARK(BM_MallocSameObject);

void BM_AllocateSameObject(benchmark::State& state) {
    for (auto _ : state) {
        void* object = allocate(576);
        benchmark::DoNotOptimize(object);
        deallocate(object, 576);
    }
}
BENCHMARK(BM_AllocateSameObject);

// A data set of which a random object is replaced: allocate the new one, write its first line, free
// the old one.
template <typename Allocate, typename Free>
void replace_at_random(benchmark::State& state, Allocate allocate_one, Free free_one) {
    const auto count = static_cast<size_t>(state.range(0));
    std::vector<void*> objects(count);
    for (void*& object : objects) object = allocate_one();
    std::vector<uint32_t> order(1 << 20);
    std::mt19937 random(1);
    for (uint32_t& at : order) at = static_cast<uint32_t>(random() % count);
    size_t next = 0;
    for (auto _ : state) {
        void*& slot = objects[order[next++ & (order.size() - 1)]];
        void* fresh = allocate_one();
        std::memset(fresh, 1, 64);
        free_one(slot);
        slot = fresh;
    }
    for (void* object : objects) free_one(object);
}

void BM_SlabReplaceAtRandom(benchmark::State& state) {
    SlabHeapPool pool(SlabOptions{.huge_pages = state.range(1) != 0});
    SlabHeap& heap = pool.take();
    replace_at_random(
        state, [&] { return heap.allocate(576); }, [&](void* object) { heap.deallocate(object); });
    pool.give_back(heap);
}
BENCHMARK(BM_SlabReplaceAtRandom)->Args({1000, 0})->Args({1000000, 0})->Args({1000000, 1});

void BM_MallocReplaceAtRandom(benchmark::State& state) {
    replace_at_random(
        state, [] { return std::malloc(576); }, [](void* object) { std::free(object); });
}
BENCHMARK(BM_MallocReplaceAtRandom)->Arg(1000)->Arg(1000000);

// One thread allocates and fills batches of 64, another frees them; per object, both threads' work
// in parallel.
template <typename Allocate, typename FreeBatch>
void pass_to_other_thread(benchmark::State& state, Allocate allocate_one, FreeBatch free_batch) {
    constexpr size_t kBatch = 64;
    constexpr size_t kRing = 64;
    struct Batch {
        void* objects[kBatch];
    };
    std::vector<Batch> ring(kRing);
    std::atomic<size_t> made{0};
    std::atomic<size_t> freed{0};
    std::atomic<bool> stop{false};
    std::thread other([&] {
        for (size_t done = 0;;) {
            if (done == made.load(std::memory_order_acquire)) {
                if (stop.load()) return;
                std::this_thread::yield();
                continue;
            }
            Batch& batch = ring[done % kRing];
            for (void* object : batch.objects)
                benchmark::DoNotOptimize(*static_cast<char*>(object));
            free_batch(batch.objects, kBatch);
            freed.store(++done, std::memory_order_release);
        }
    });
    size_t count = 0;
    for (auto _ : state) {
        while (count - freed.load(std::memory_order_acquire) >= kRing) std::this_thread::yield();
        for (void*& object : ring[count % kRing].objects) {
            object = allocate_one();
            std::memset(object, 1, 64);
        }
        made.store(++count, std::memory_order_release);
    }
    while (freed.load() != count) std::this_thread::yield();
    stop.store(true);
    other.join();
    state.SetItemsProcessed(static_cast<int64_t>(count * kBatch));
}

void BM_SlabFreedByOtherThread(benchmark::State& state) {
    SlabHeapPool pool;
    SlabHeap& heap = pool.take();
    RemoteFrees remote(pool);
    pass_to_other_thread(
        state, [&] { return heap.allocate(576); },
        [&](void** objects, size_t count) {
            for (size_t i = 0; i < count; ++i) SlabHeap::free_anywhere(objects[i], nullptr, remote);
            remote.flush();
        });
    pool.give_back(heap);
}
BENCHMARK(BM_SlabFreedByOtherThread)->UseRealTime();

void BM_MallocFreedByOtherThread(benchmark::State& state) {
    pass_to_other_thread(
        state, [] { return std::malloc(576); },
        [](void** objects, size_t count) {
            for (size_t i = 0; i < count; ++i) std::free(objects[i]);
        });
}
BENCHMARK(BM_MallocFreedByOtherThread)->UseRealTime();

// The collector alone: what a thread pays for each object that it hands over, and the owner for
// each that he takes.
void BM_SlabRemoteFreeAndCollect(benchmark::State& state) {
    SlabHeapPool pool;
    SlabHeap& heap = pool.take();
    RemoteFrees remote(pool);
    void* objects[64];
    for (auto _ : state) {
        for (void*& object : objects) object = heap.allocate(576);
        for (void* object : objects) remote.add(object);
        remote.flush();
        heap.collect();
    }
    state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * 64);
    pool.give_back(heap);
}
BENCHMARK(BM_SlabRemoteFreeAndCollect);

}  // namespace
}  // namespace millrace::structures
