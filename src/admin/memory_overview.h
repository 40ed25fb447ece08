// SPDX-License-Identifier: BSD-3-Clause
//
// Where the memory is, measured now: for INFO memory, MEMORY STATS and MEMORY DOCTOR.
//
// Threads: main thread. Measuring walks the databases and the sessions, not the keys.
#pragma once

#include <cstdint>
#include <vector>

#include "base/memory.h"
#include "engine/engine.h"
#include "engine/memory_limit.h"

namespace millrace::admin {

struct MemoryOverview {
    struct DatabaseTables {
        int number;
        uint64_t main_bytes;
        uint64_t expiry_bytes;
    };

    uint64_t used = 0;
    uint64_t resident = 0;
    uint64_t peak = 0;
    uint64_t startup = 0;
    uint64_t clients = 0;
    size_t client_count = 0;
    std::vector<DatabaseTables> databases;  // Those with keys.
    uint64_t tables = 0;
    uint64_t script_caches = 0;
    uint64_t function_caches = 0;
    engine::UncountedMemory uncounted;
    uint64_t overhead = 0;  // Everything but keys and values: start-up, clients, tables, caches.
    uint64_t dataset = 0;
    uint64_t keys = 0;
    AllocatorStatistics allocator;

    // The part of what has been taken since the start that is data, in percent.
    double dataset_percent() const;
    double peak_percent() const;
    uint64_t bytes_per_key() const;
};

// What the system and the allocator say, which they have to be asked for.
struct MemorySample {
    uint64_t resident = 0;
    AllocatorStatistics allocator;
    int64_t taken_ms = INT64_MIN;
};
MemorySample sample_memory(engine::Engine& engine);

MemoryOverview measure_memory(engine::Engine& engine, const MemorySample& sample);
MemoryOverview measure_memory(engine::Engine& engine);

// a / b, or 0 where there is nothing to divide by.
double ratio(uint64_t a, uint64_t b);

}  // namespace millrace::admin
