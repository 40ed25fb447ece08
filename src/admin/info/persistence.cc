// SPDX-License-Identifier: BSD-3-Clause
//
// INFO persistence. Nothing is saved in the background yet, and there is no AOF: those fields are
// what a fresh Valkey shows.

#include "admin/info/sections.h"

namespace millrace::admin::info {
namespace {

using observe::InfoWriter;

void write_loading(InfoWriter& out, engine::Engine& engine) {
    out.field("loading", (engine.conditions() & engine::kLoadingData) != 0);
    for (const char* name :
         {"async_loading", "current_cow_peak", "current_cow_size", "current_cow_size_age"}) {
        out.field(name, 0);
    }
    out.field("current_fork_perc", 0.0, 2);
    out.field("current_save_keys_processed", 0);
    out.field("current_save_keys_total", 0);
}

void write_rdb(InfoWriter& out, engine::Engine& engine) {
    const observe::SnapshotCounters& snapshots = engine.server().snapshots;
    out.field("rdb_changes_since_last_save",
              engine.counters().dirty - snapshots.dirty_at_last_save);
    out.field("rdb_bgsave_in_progress", 0);
    out.field("rdb_last_save_time", snapshots.last_save_unix_seconds);
    out.field("rdb_last_bgsave_status", snapshots.last_save_failed ? "err" : "ok");
    out.field("rdb_last_bgsave_time_sec", -1);
    out.field("rdb_current_bgsave_time_sec", -1);
    out.field("rdb_saves", snapshots.saved);
    out.field("rdb_last_cow_size", 0);
    out.field("rdb_last_load_keys_expired", snapshots.last_load_keys_expired);
    out.field("rdb_last_load_keys_loaded", snapshots.last_load_keys_loaded);
}

void write_aof(InfoWriter& out) {
    for (const char* name : {"aof_enabled", "aof_rewrite_in_progress", "aof_rewrite_scheduled"}) {
        out.field(name, 0);
    }
    out.field("aof_last_rewrite_time_sec", -1);
    out.field("aof_current_rewrite_time_sec", -1);
    out.field("aof_last_bgrewrite_status", "ok");
    out.field("aof_rewrites", 0);
    out.field("aof_rewrites_consecutive_failures", 0);
    out.field("aof_last_write_status", "ok");
    for (const char* name : {"aof_last_cow_size", "module_fork_in_progress",
                             "module_fork_last_cow_size", "slot_migration_fork_in_progress"}) {
        out.field(name, 0);
    }
}

}  // namespace

void register_persistence_section(observe::InfoRegistry& info, engine::Engine& engine) {
    info.add("persistence", "Persistence", observe::InfoRegistry::kDefault,
             [&engine](InfoWriter& out) {
                 write_loading(out, engine);
                 write_rdb(out, engine);
                 write_aof(out);
                 out.field("millrace_snapshots", engine.server().snapshots.taken);
             });
}

}  // namespace millrace::admin::info
