// SPDX-License-Identifier: BSD-3-Clause
//
// Gives memory back that deletions have left in pieces: decides when entries are moved together,
// how much time that may take, and when what has become free goes to the system.
//
// It works by itself where much of the slab pages, or of the tables, is unused; while hardly
// anybody asks for anything, where less is, or where the pages of the general allocator are sparse.
// `activedefrag yes` makes it work sooner and harder, as its settings say.
//
// A round goes first through the tables, which shrink and move together, until they are not too
// large for what is in them; then through the entries. What has become free by then, or has been
// free for a second, goes back to the system.
//
// Owner:   the cron.
// Threads: main thread, between commands. A slice holds the loop for a third of a millisecond,
// unless `active-defrag-cycle-us` says more. The slices come closer while nobody asks for anything.
#pragma once

#include <cstdint>

#include "base/thread_role.h"
#include "engine/engine.h"
#include "keyspace/compaction.h"
#include "keyspace/settings.h"
#include "pipeline/pipeline.h"
#include "structures/slab_pool.h"

namespace millrace::server {

class Defragmenter {
public:
    Defragmenter(engine::Engine& engine, pipeline::Pipeline& pipeline,
                 structures::SlabHeapPool& heaps, const keyspace::DefragSettings& settings)
        : engine_(engine),
          pipeline_(pipeline),
          heaps_(heaps),
          settings_(settings),
          compaction_(engine.keyspace()) {}

    // Every 100 ms: looks whether there is anything to do, and how hard to work.
    void decide() ON_MAIN_THREAD;
    // Does a slice if one is due; returns the microseconds until the next one is, or `wait_us`.
    int64_t run(int64_t now_us, int64_t wait_us) ON_MAIN_THREAD;
    // Gives what is free already back to the system, in slices.
    void trim() { trimming_ = true; }

private:
    int64_t percent_by_settings();
    int64_t percent_by_waste(bool quiet);
    bool collections_are_sparse();
    // Bytes in pages, slabs included, that nobody has; and that somebody has.
    struct Use {
        uint64_t waste;
        uint64_t live;
    };
    Use everywhere() const;
    void trim_if_idle();
    void slice();
    int64_t percent_of_time();
    bool tables_too_large() const;
    bool tidy_tables(uint64_t budget_ns);
    bool end_table_pass();
    void finish_walk();

    engine::Engine& engine_;
    pipeline::Pipeline& pipeline_;
    structures::SlabHeapPool& heaps_;
    const keyspace::DefragSettings& settings_;
    keyspace::Compaction compaction_;
    int64_t percent_ = 0;  // Of the time, now; 0: idle.
    bool trimming_ = false;
    int64_t next_slice_us_ = 0;
    uint64_t commands_before_ = 0;   // That had been executed at the last slice.
    bool quiet_ = false;             // Few had since the one before.
    uint64_t commands_decided_ = 0;  // The same at the last decision.
    uint64_t quiet_decisions_ = 0;   // In a row.
    bool only_while_quiet_ = false;  // The round under way.
    bool renewing_ = false;          // The same: collections too, though nobody has asked.
    // Where the round is in the tables; the entries follow.
    bool in_tables_ = true;
    int db_ = 0;
    uint64_t position_ = 0;
    uint64_t table_bytes_before_ = 0;  // At the beginning of the pass.
    uint64_t table_bytes_left_ = 0;    // What a pass could not make less.
    // The least that was free and not the system's since `free_since_ms_`.
    uint64_t free_lowest_ = 0;
    int64_t free_since_ms_ = 0;
    // When the last walk ended; more of it starts another one. Of slabs, and of everything.
    uint64_t waste_left_ = 0;
    uint64_t waste_at_begin_ = 0;  // Of the round under way.
    uint64_t asked_waste_left_ = 0;
    uint64_t general_waste_left_ = 0;
};

}  // namespace millrace::server
