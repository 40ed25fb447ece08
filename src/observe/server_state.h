// SPDX-License-Identifier: BSD-3-Clause
//
// What the parts of the server note about themselves for INFO and its like, in one place, so that
// the engine can hand it to the commands that show it.
//
// Owner:   the server; it outlives engine and pipeline.
// Threads: main thread, but for what thread_usage.h says.
#pragma once

#include <cstdint>

#include "observe/rate_meter.h"
#include "observe/server_counters.h"
#include "observe/server_facts.h"
#include "observe/thread_usage.h"

namespace millrace::observe {

struct RateMeters {
    RateMeter commands;
    RateMeter input_bytes;
    RateMeter output_bytes;
    RateMeter replication_input_bytes;
    RateMeter replication_output_bytes;
    RateMeter loop_cycles;
    RateMeter loop_duration_us;  // Of one cycle.
};

struct ServerState {
    ServerFacts facts;
    NetCounters net;
    LoopCounters loop;
    MemoryMarks memory;
    DefragCounters defrag;
    SnapshotCounters snapshots;
    ThreadUsages threads;
    RateMeters rates;

    // The cron calls it every 100 ms.
    void sample_rates(int64_t monotonic_us, uint64_t commands_processed);

    // CONFIG RESETSTAT, as far as it concerns what is here.
    void reset_statistics();
};

}  // namespace millrace::observe
