// SPDX-License-Identifier: BSD-3-Clause
//
// INFO persistence.

#include "admin/info/sections.h"
#include "engine/append_log.h"

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

void write_aof(InfoWriter& out, engine::Engine& engine) {
    engine::AppendLog* log = engine::append_log_of(engine.persistence());
    const observe::AofCounters aof = log == nullptr ? observe::AofCounters() : log->counters();
    out.field("aof_enabled", aof.enabled);
    out.field("aof_rewrite_in_progress", aof.rewrite_in_progress);
    out.field("aof_rewrite_scheduled", aof.rewrite_scheduled);
    out.field("aof_last_rewrite_time_sec", aof.last_rewrite_seconds);
    const int64_t since = aof.rewrite_began_unix_seconds;
    out.field("aof_current_rewrite_time_sec", since < 0 ? -1 : engine.now_ms() / 1000 - since);
    out.field("aof_last_bgrewrite_status", aof.last_rewrite_failed ? "err" : "ok");
    out.field("aof_rewrites", aof.rewrites);
    out.field("aof_rewrites_consecutive_failures", aof.rewrite_failures_in_a_row);
    out.field("aof_last_write_status", aof.last_write_failed ? "err" : "ok");
    for (const char* name : {"aof_last_cow_size", "module_fork_in_progress",
                             "module_fork_last_cow_size", "slot_migration_fork_in_progress"}) {
        out.field(name, 0);
    }
    if (!aof.enabled) return;
    out.field("aof_current_size", aof.bytes);
    out.field("aof_base_size", aof.bytes_base);
    out.field("aof_pending_rewrite", 0);
    out.field("aof_buffer_length", aof.bytes_buffered);
    out.field("aof_pending_bio_fsync", aof.sync_pending);
    out.field("aof_delayed_fsync", aof.syncs_delayed);
}

void write_loading_progress(InfoWriter& out, engine::Engine& engine) {
    const engine::AppendLogHolder* holder = engine::append_log_holder_of(engine.persistence());
    if (holder == nullptr || !holder->loading().active) return;
    const observe::LoadingMarks& marks = holder->loading();
    const double share = marks.bytes_total == 0 ? 0.0
                                                : static_cast<double>(marks.bytes_loaded) /
                                                      static_cast<double>(marks.bytes_total);
    const int64_t elapsed = (marks.now_monotonic_ns - marks.begin_monotonic_ns) / 1000000000;
    // Compat: a second for each that was needed so far, however little that says.
    const int64_t eta = marks.bytes_loaded == 0
                            ? 1
                            : static_cast<int64_t>(static_cast<double>(elapsed) / share) - elapsed;
    out.field("loading_start_time", marks.begin_unix_seconds);
    out.field("loading_total_bytes", marks.bytes_total);
    out.field("loading_rdb_used_mem", marks.bytes_of_rdb_memory);
    out.field("loading_loaded_bytes", marks.bytes_loaded);
    out.field("loading_loaded_perc", share * 100, 2);
    out.field("loading_eta_seconds", eta);
}

}  // namespace

void register_persistence_section(observe::InfoRegistry& info, engine::Engine& engine) {
    info.add("persistence", "Persistence", observe::InfoRegistry::kDefault,
             [&engine](InfoWriter& out) {
                 write_loading(out, engine);
                 write_rdb(out, engine);
                 write_aof(out, engine);
                 write_loading_progress(out, engine);
                 out.field("millrace_snapshots", engine.server().snapshots.taken);
             });
}

}  // namespace millrace::admin::info
