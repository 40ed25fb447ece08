// SPDX-License-Identifier: BSD-3-Clause
//
// INFO persistence. There is no AOF yet: its fields are what a fresh Valkey shows.

#include "admin/info/sections.h"

namespace millrace::admin::info {
namespace {

using observe::InfoWriter;

void write_loading(InfoWriter& out, engine::Engine& engine) {
    out.field("loading", (engine.conditions() & engine::kLoadingData) != 0);
    const observe::SnapshotCounters& snapshots = engine.server().snapshots;
    out.field("async_loading", 0);
    out.field("current_cow_peak", snapshots.cow_bytes_highest);
    out.field("current_cow_size", snapshots.cow_bytes);
    out.field("current_cow_size_age", 0);
    const double share = snapshots.keys_total == 0
                             ? 0.0
                             : 100.0 * static_cast<double>(snapshots.keys_processed) /
                                   static_cast<double>(snapshots.keys_total);
    out.field("current_fork_perc", share, 2);
    out.field("current_save_keys_processed", snapshots.keys_processed);
    out.field("current_save_keys_total", snapshots.keys_total);
}

void write_rdb(InfoWriter& out, engine::Engine& engine) {
    const observe::SnapshotCounters& snapshots = engine.server().snapshots;
    out.field("rdb_changes_since_last_save",
              engine.counters().dirty - snapshots.dirty_at_last_save);
    out.field("rdb_bgsave_in_progress", snapshots.saving_in_background);
    out.field("rdb_last_save_time", snapshots.last_save_unix_seconds);
    out.field("rdb_last_bgsave_status", snapshots.last_save_failed ? "err" : "ok");
    out.field("rdb_last_bgsave_time_sec", snapshots.last_background_seconds);
    const int64_t since = snapshots.background_since_seconds;
    out.field("rdb_current_bgsave_time_sec", since < 0 ? -1 : engine.now_ms() / 1000 - since);
    out.field("rdb_saves", snapshots.saved);
    out.field("rdb_last_cow_size", snapshots.last_cow_bytes);
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
