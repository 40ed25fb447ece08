// SPDX-License-Identifier: BSD-3-Clause
//
// Experiment 3: allocating and freeing 576 bytes in one thread and across two, and the resident set
// after churn, with jemalloc, mimalloc and a small slab of our own.
//
// jemalloc is linked; mimalloc is loaded beside it and called by its own names, so both run in one
// process. "same" allocates `live` objects, then frees them. "replace" frees random old objects of
// a large live set, one for each new one, so that what is freed is cold and slabs are seldom empty.
// "cross" does the same with the new objects made on core 1 and the old ones freed on core 0, 8192
// at a time, each side timed on its own; what was freed comes back to the allocating side in the
// allocator's own way.

#include <benchmark/benchmark.h>
#include <dlfcn.h>
#include <jemalloc/jemalloc.h>
#include <sys/wait.h>

#include <atomic>
#include <cstdio>
#include <cstring>
#include <utility>

#include "measuring.h"
#include "small_slab.h"

namespace millrace::experiments {
namespace {

constexpr size_t kBytes = 576;

struct Jemalloc {
    static bool available() { return true; }
    void* allocate(size_t bytes) { return mallocx(bytes, 0); }
    void free_local(void* address) { dallocx(address, 0); }
    void free_remote(void* address) { dallocx(address, 0); }
    void flush() {}
    void give_back() {
        mallctl("thread.tcache.flush", nullptr, nullptr, nullptr, 0);
        mallctl("arena.4096.purge", nullptr, nullptr, nullptr, 0);
    }
};

class MimallocLibrary {
public:
    MimallocLibrary() {
        handle_ = dlopen("libmimalloc.so.2", RTLD_NOW | RTLD_LOCAL);
        if (handle_ == nullptr) return;
        allocate = reinterpret_cast<void* (*)(size_t)>(dlsym(handle_, "mi_malloc"));
        free = reinterpret_cast<void (*)(void*)>(dlsym(handle_, "mi_free"));
        collect = reinterpret_cast<void (*)(bool)>(dlsym(handle_, "mi_collect"));
    }
    void* (*allocate)(size_t) = nullptr;
    void (*free)(void*) = nullptr;
    void (*collect)(bool) = nullptr;

private:
    void* handle_ = nullptr;
};

MimallocLibrary& mimalloc_library() {
    static MimallocLibrary library;
    return library;
}

struct Mimalloc {
    static bool available() { return mimalloc_library().free != nullptr; }
    void* allocate(size_t bytes) { return library.allocate(bytes); }
    void free_local(void* address) { library.free(address); }
    void free_remote(void* address) { library.free(address); }
    void flush() {}
    void give_back() { library.collect(true); }
    MimallocLibrary& library = mimalloc_library();
};

struct OwnSlab {
    static bool available() { return true; }
    void* allocate(size_t bytes) { return slab.allocate(bytes); }
    void free_local(void* address) { slab.free_local(address); }
    void free_remote(void* address) {
        chain.add(address);
        if (++chained == 32) flush();
    }
    void flush() {
        slab.free_remote(chain);
        chained = 0;
    }
    void give_back() {}
    SmallSlab slab;
    alignas(128) SmallSlab::Chain chain;  // The freeing thread's.
    size_t chained = 0;
};

// The slab again, but what is free is known from arrays of addresses and never from the free
// objects themselves: nothing reads a cold object, and the allocating side prefetches what it will
// hand out eight objects later.
struct ArraySlab {
    static bool available() { return true; }
    ArraySlab() {
        free.reserve(size_t{1} << 20);
        returned.reserve(size_t{1} << 20);
    }
    void* allocate(size_t bytes) {
        if (free.empty()) free.swap(returned);
        if (free.empty()) return slab.allocate(bytes);
        void* address = free.back();
        free.pop_back();
        if (free.size() >= 8) __builtin_prefetch(free[free.size() - 8], 1);
        return address;
    }
    void free_local(void* address) { free.push_back(address); }
    void free_remote(void* address) { returned.push_back(address); }
    void flush() {}
    SmallSlab slab;
    std::vector<void*> free;
    alignas(128) std::vector<void*> returned;  // The sides take turns in these experiments, so no
                                               // ring is needed.
};

void touch(void* address, uint64_t value) {
    std::memcpy(address, &value, sizeof value);
}

template <typename Allocator>
void same_thread(benchmark::State& state) {
    if (!Allocator::available()) return state.SkipWithError("library not found");
    pin_to_core(0);
    auto* allocator = new Allocator;  // Lives as long as its memory.
    const auto live = static_cast<size_t>(state.range(0));
    std::vector<void*> objects(live);
    std::vector<double> costs;
    const size_t turns = std::max<size_t>(1, 8192 / live);
    for (auto _ : state) {
        const int64_t begin = wall_ns();
        for (size_t turn = 0; turn < turns; ++turn) {
            for (void*& object : objects) touch(object = allocator->allocate(kBytes), turn);
            for (void* object : objects) allocator->free_local(object);
        }
        costs.push_back(static_cast<double>(wall_ns() - begin) / static_cast<double>(turns * live));
    }
    state.counters["ns_per_pair"] = median(costs);
}

// The live objects, and which of them go next.
struct Population {
    explicit Population(size_t turn) : leaving(turn) {}
    template <typename Allocator>
    void fill(Allocator& allocator) {
        for (void*& object : live) touch(object = allocator.allocate(kBytes), 1);
    }
    // Takes random objects out into `leaving` and says where their successors belong.
    void choose() {
        for (size_t& at : places) at = random.below(live.size());
    }
    Random random{5};
    std::vector<void*> live = std::vector<void*>(tiny() ? 16'384 : 512 * 1024);
    std::vector<void*> leaving;
    std::vector<size_t> places = std::vector<size_t>(leaving.size());
};

template <typename Allocator>
void replace(benchmark::State& state) {
    if (!Allocator::available()) return state.SkipWithError("library not found");
    pin_to_core(0);
    auto* allocator = new Allocator;
    Population population(8192);
    population.fill(*allocator);
    std::vector<double> costs;
    for (auto _ : state) {
        population.choose();
        const int64_t begin = wall_ns();
        for (size_t at : population.places) {
            void* fresh = allocator->allocate(kBytes);
            touch(fresh, at);
            allocator->free_local(std::exchange(population.live[at], fresh));
        }
        costs.push_back(static_cast<double>(wall_ns() - begin) / 8192.0);
    }
    for (void* object : population.live) allocator->free_local(object);
    state.counters["ns_per_pair"] = median(costs);
}

template <typename Allocator>
void cross_thread(benchmark::State& state) {
    if (!Allocator::available()) return state.SkipWithError("library not found");
    auto* allocator = new Allocator;
    Population population(8192);
    std::vector<void*>& leaving = population.leaving;
    std::atomic<int> turn{0};  // 0: allocate, 1: free, 2: stop.
    std::vector<double> allocating;
    std::vector<double> freeing;
    std::thread owner([&] {
        pin_to_core(1);
        population.fill(*allocator);
        for (;;) {
            int now;
            while ((now = turn.load(std::memory_order_acquire)) == 1) relax();
            if (now == 2) return;
            population.choose();
            const int64_t begin = wall_ns();
            for (void*& object : leaving) touch(object = allocator->allocate(kBytes), 1);
            allocating.push_back(static_cast<double>(wall_ns() - begin) / 8192.0);
            for (size_t i = 0; i < leaving.size(); ++i)
                std::swap(leaving[i], population.live[population.places[i]]);
            int expected = 0;
            turn.compare_exchange_strong(expected, 1);
        }
    });
    pin_to_core(0);
    for (auto _ : state) {
        while (turn.load(std::memory_order_acquire) != 1) relax();
        const int64_t begin = wall_ns();
        for (void* object : leaving) allocator->free_remote(object);
        allocator->flush();
        freeing.push_back(static_cast<double>(wall_ns() - begin) / 8192.0);
        turn.store(0, std::memory_order_release);
    }
    while (turn.load(std::memory_order_acquire) != 1) relax();
    turn.store(2, std::memory_order_release);
    owner.join();
    for (void* object : leaving) allocator->free_remote(object);
    for (void* object : population.live) allocator->free_remote(object);
    allocator->flush();
    state.counters["allocate_ns"] = median(allocating);
    state.counters["free_ns"] = median(freeing);
}

size_t resident_bytes() {
    size_t total = 0;
    size_t resident = 0;
    FILE* file = std::fopen("/proc/self/statm", "r");
    if (file == nullptr) return 0;
    if (std::fscanf(file, "%zu %zu", &total, &resident) != 2) resident = 0;
    std::fclose(file);
    return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

struct Growth {
    double filled = 0;  // Resident bytes per requested byte.
    double halved = 0;  // The same, of what is left after freeing half.
    double refilled = 0;
    double shifted = 0;  // After half of the objects gave way to twice as many of 20 to 100 bytes.
    double emptied = 0;  // What stays of the peak after freeing everything and asking for it back.
};

struct Held {
    void* address;
    size_t bytes;
};

template <typename Allocator>
Growth churn(size_t count) {
    auto* allocator = new Allocator;
    Random random(11);
    std::vector<Held> held(count);
    std::memset(static_cast<void*>(held.data()), 1, held.size() * sizeof(Held));
    const size_t before = resident_bytes();
    size_t requested = 0;
    const auto fill_one = [&](Held& each, size_t least, size_t span) {
        each.bytes = least + random.below(span);
        each.address = allocator->allocate(each.bytes);
        std::memset(each.address, 1, each.bytes);
        requested += each.bytes;
    };
    const auto ratio = [&] {
        return static_cast<double>(resident_bytes() - before) / static_cast<double>(requested);
    };
    Growth growth;
    for (Held& each : held) fill_one(each, 100, 501);
    growth.filled = ratio();
    const auto free_one = [&](Held& each) {
        allocator->free_local(each.address);
        requested -= each.bytes;
        each.address = nullptr;
    };
    const auto free_half = [&] {
        for (Held& each : held) {
            if (random.below(2) != 0) free_one(each);
        }
    };
    for (int round = 0; round < 3; ++round) {
        free_half();
        growth.halved = ratio();
        for (Held& each : held) {
            if (each.address == nullptr) fill_one(each, 100, 501);
        }
    }
    growth.refilled = ratio();
    const size_t peak = resident_bytes() - before;
    free_half();
    const auto kept =
        static_cast<double>(count * sizeof(Held));  // The list of the small ones itself.
    std::vector<Held> small(count);
    for (Held& each : small) fill_one(each, 20, 81);
    growth.shifted =
        (static_cast<double>(resident_bytes() - before) - kept) / static_cast<double>(requested);
    for (Held& each : small) free_one(each);
    for (Held& each : held) {
        if (each.address != nullptr) free_one(each);
    }
    allocator->give_back();
    growth.emptied = (static_cast<double>(resident_bytes()) - static_cast<double>(before) - kept) /
                     static_cast<double>(peak);
    return growth;
}

// In a child process, and before any other benchmark, so that every allocator starts from nothing.
template <typename Allocator>
void resident_after_churn(benchmark::State& state) {
    if (!Allocator::available()) return state.SkipWithError("library not found");
    Growth growth;
    for (auto _ : state) {
        int ends[2];
        if (pipe(ends) != 0) return state.SkipWithError("no pipe");
        const pid_t child = fork();
        if (child == 0) {
            const Growth found = churn<Allocator>(tiny() ? 20'000 : 1'000'000);
            const ssize_t written = write(ends[1], &found, sizeof found);
            _exit(written == sizeof found ? 0 : 1);
        }
        close(ends[1]);
        const ssize_t got = read(ends[0], &growth, sizeof growth);
        close(ends[0]);
        waitpid(child, nullptr, 0);
        if (got != sizeof growth) return state.SkipWithError("the child failed");
    }
    state.counters["filled"] = growth.filled;
    state.counters["halved"] = growth.halved;
    state.counters["refilled"] = growth.refilled;
    state.counters["shifted"] = growth.shifted;
    state.counters["emptied"] = growth.emptied;
}

BENCHMARK(resident_after_churn<Jemalloc>)->Iterations(1);
BENCHMARK(resident_after_churn<Mimalloc>)->Iterations(1);
BENCHMARK(resident_after_churn<OwnSlab>)->Iterations(1);
BENCHMARK(same_thread<Jemalloc>)->ArgName("live")->Arg(32)->Arg(8192);
BENCHMARK(same_thread<Mimalloc>)->ArgName("live")->Arg(32)->Arg(8192);
BENCHMARK(same_thread<OwnSlab>)->ArgName("live")->Arg(32)->Arg(8192);
BENCHMARK(replace<Jemalloc>);
BENCHMARK(replace<Mimalloc>);
BENCHMARK(replace<ArraySlab>);
BENCHMARK(replace<OwnSlab>);
BENCHMARK(cross_thread<Jemalloc>)->UseRealTime();
BENCHMARK(cross_thread<Mimalloc>)->UseRealTime();
BENCHMARK(cross_thread<ArraySlab>)->UseRealTime();
BENCHMARK(cross_thread<OwnSlab>)->UseRealTime();

}  // namespace
}  // namespace millrace::experiments
