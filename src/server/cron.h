// SPDX-License-Identifier: BSD-3-Clause
//
// What is done from time to time, in slices: expiring and evicting keys, freeing what was flushed,
// shrinking tables, closing idle clients, sampling rates, deciding on I/O threads.
//
// Owner:   the server.
// Threads: main thread.
#pragma once

#include <cstdint>

#include "base/thread_role.h"
#include "engine/engine.h"
#include "net/settings.h"
#include "observe/server_state.h"
#include "pipeline/pipeline.h"
#include "server/defragmenter.h"
#include "server/settings.h"

namespace millrace::server {

class Cron {
public:
    Cron(engine::Engine& engine, pipeline::Pipeline& pipeline, observe::ServerState& state,
         structures::SlabHeapPool& heaps, const Settings& settings,
         const keyspace::DefragSettings& defrag, const net::Settings& net, int64_t expire_effort)
        : engine_(engine),
          pipeline_(pipeline),
          state_(state),
          settings_(settings),
          net_(net),
          defragmenter_(engine, pipeline, heaps, defrag),
          expire_effort_(expire_effort) {}

    // Runs what is due; returns the microseconds until the next thing is.
    int64_t run() ON_MAIN_THREAD;
    // Whether the last run() found something to do.
    bool did_something() const { return did_something_; }
    void set_expire_effort(int64_t effort) { expire_effort_ = effort; }

private:
    void tick() ON_MAIN_THREAD;
    void slow_tick() ON_MAIN_THREAD;
    void expire();
    void evict();
    void close_idle_clients();
    void check_output_limits();
    void shrink_tables();
    void watch_keys();
    void trim_memory() ON_MAIN_THREAD;
    int64_t tidy_expiry_indexes(int64_t now_us, int64_t wait_us) ON_MAIN_THREAD;

    engine::Engine& engine_;
    pipeline::Pipeline& pipeline_;
    observe::ServerState& state_;
    const Settings& settings_;
    const net::Settings& net_;
    Defragmenter defragmenter_;
    int64_t expire_effort_;
    int64_t next_tick_us_ = 0;
    int64_t next_slow_tick_us_ = 0;
    int64_t next_tidy_us_ = 0;
    int64_t next_trim_ms_ = 0;
    uint64_t commands_at_trim_ = 0;
    uint64_t used_since_trim_highest_ = 0;
    bool quiet_ = false;  // Nearly nothing was asked for in the last second.
    bool did_something_ = false;
    bool more_to_expire_ = false;
    bool more_to_free_ = false;
    int shrink_db_ = 0;
    uint64_t shrink_position_ = 0;
    uint64_t keys_lost_ = 0;  // By all databases, at the last tick.
};

}  // namespace millrace::server
