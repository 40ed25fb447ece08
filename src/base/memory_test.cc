// SPDX-License-Identifier: BSD-3-Clause
#include "base/memory.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/allocator_controls.h"

namespace millrace {
namespace {

TEST(Memory, CountsExactlyWhatTheAllocatorRoundsTo) {
    for (size_t bytes = 0; bytes < 3000000; bytes += 1 + bytes / 7) {
        const uint64_t before = used_bytes();
        void* memory = allocate(bytes);
        if (memory == nullptr) continue;
        EXPECT_EQ(used_bytes() - before, usable_bytes(memory)) << bytes;
        EXPECT_GE(usable_bytes(memory), bytes);
        std::memset(memory, 1, bytes);
        if (bytes % 2)
            deallocate(memory);
        else
            deallocate(memory, bytes);
        EXPECT_EQ(used_bytes(), before) << bytes;
    }
    deallocate(nullptr);
}

TEST(Memory, TheAllocatorsOwnValues) {
    EXPECT_EQ(allocator_number("nope", {}).error().code(), ENOENT);
    EXPECT_EQ(allocator_number("nope", 1).error().code(), ENOENT);
    EXPECT_EQ(allocator_text("nope").error().code(), ENOENT);
    if (!allocator_has_controls()) {  // The sanitizers' allocators have no names at all.
        EXPECT_EQ(allocator_name(), "libc");
        EXPECT_EQ(allocator_number("arenas.page", {}).error().code(), ENOENT);
        EXPECT_EQ(allocator_number("arenas.dirty_decay_ms", 1).error().code(), ENOENT);
        EXPECT_EQ(allocator_text("version").error().code(), ENOENT);
        return;
    }
    EXPECT_EQ(allocator_number("arenas.page", {}).value(), 4096);
    // A flag is narrower than a number.
    EXPECT_EQ(allocator_number("config.debug", {}).value(), 0);
    const int64_t before = allocator_number("arenas.dirty_decay_ms", 4321).value();
    EXPECT_EQ(allocator_number("arenas.dirty_decay_ms", before).value(), 4321);
    EXPECT_EQ(allocator_number("arenas.dirty_decay_ms", {}).value(), before);
    // What would be taken for an address, or is to be read only.
    for (const char* name : {"arena.0.extent_hooks", "arenas.page", "thread.tcache.flush"})
        EXPECT_EQ(allocator_number(name, 1).error().code(), EPERM) << name;
    EXPECT_NE(allocator_text("version").value(), "");
    EXPECT_EQ(allocator_text("arenas.page").error().code(), EINVAL);
}

struct alignas(256) Aligned {
    char bytes[300];
};

TEST(Memory, CountsNewAndDelete) {
#ifdef MILLRACE_SANITIZED
    GTEST_SKIP() << "the sanitizer has its own operators";
#endif
    const uint64_t before = used_bytes();
    {
        auto text = std::make_unique<std::string>(1000, 'x');
        auto aligned = std::make_unique<Aligned>();
        auto array = std::make_unique<Aligned[]>(3);
        EXPECT_EQ(reinterpret_cast<uintptr_t>(aligned.get()) % 256, 0u);
        EXPECT_GE(used_bytes() - before, 1000 + 4 * sizeof(Aligned));
    }
    EXPECT_EQ(used_bytes(), before);
}

TEST(Memory, KeepsTheTotalsOfFinishedThreads) {
    const uint64_t before = used_bytes();
    std::vector<void*> blocks(100);
    for (int round = 0; round < 3; ++round) {
        std::thread first([&] {
            for (void*& block : blocks) block = allocate(1000);
        });
        first.join();
        EXPECT_GE(used_bytes() - before, 100000u);
        EXPECT_LE(used_bytes() - before, 110000u);
        std::thread second([&] {
            for (void* block : blocks) deallocate(block);
        });
        second.join();
        EXPECT_LE(used_bytes(), before + 10000);  // The test framework keeps a little.
    }
}

TEST(Memory, ReadsASensibleTotalWhileThreadsAreBusy) {
    const uint64_t limit = used_bytes() + (1u << 20);
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
        threads.emplace_back([&] {
            for (int round = 0; round < 20000; ++round) {
                deallocate(allocate(static_cast<size_t>(round) % 1000));
                if (round % 16 == 0) {
                    EXPECT_LT(used_bytes(), limit);
                }
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
}

// An object of static or thread storage may free memory after the thread's counters are gone.
struct FreesLate {
    ~FreesLate() { deallocate(block); }
    void* block = nullptr;
};

TEST(Memory, CountsWhatEndingThreadsFree) {
    const uint64_t before = used_bytes();
    std::thread thread([] {
        thread_local FreesLate late;
        late.block = nullptr;  // Constructed before the counters are taken, hence destroyed after.
        late.block = allocate(5000);
    });
    thread.join();
    EXPECT_EQ(used_bytes(), before);
}

TEST(Memory, ReadsStatistics) {
    void* block = allocate(1 << 20);
    std::memset(block, 1, 1 << 20);
    const AllocatorStatistics statistics = allocator_statistics();
    EXPECT_GE(statistics.allocated, 1u << 20);
    EXPECT_GE(statistics.active, statistics.allocated);
    EXPECT_GE(statistics.resident, statistics.active);
    EXPECT_GE(resident_set_bytes(), 1u << 20);
    EXPECT_FALSE(allocator_name().empty());
    deallocate(block);
    release_free_memory();
}

TEST(Memory, NamesTheAllocatorAndSwitchesItsThreads) {
#ifndef MILLRACE_SANITIZED
    EXPECT_EQ(allocator_name(), "jemalloc-5.3.0");
    EXPECT_TRUE(set_allocator_background_threads(true));
#endif
    EXPECT_TRUE(set_allocator_background_threads(false));
}

}  // namespace
}  // namespace millrace
