// SPDX-License-Identifier: BSD-3-Clause
//
// Settings of RDB files, the AOF and loading. Each field has the name of its directive.
//
// Owner:   Server.
// Threads: main thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/registry.h"

namespace millrace::persistence {

// One pair of `save`: a snapshot when so many changes are this old.
struct SavePoint {
    int64_t seconds = 0;
    int64_t changes = 0;

    bool operator==(const SavePoint&) const = default;
};

enum class AppendFsync { No, Always, EverySecond };

enum class RdbVersionCheck { Strict, Relaxed };

struct RdbSettings {
    std::string dbfilename = "dump.rdb";
    std::vector<SavePoint> save = {{3600, 1}, {300, 100}, {60, 10000}};
    bool rdbcompression = true;
    bool rdbchecksum = true;
    bool rdb_del_sync_files = false;
    bool rdb_save_incremental_fsync = true;
    RdbVersionCheck rdb_version_check = RdbVersionCheck::Strict;
    bool stop_writes_on_bgsave_error = true;
    int64_t rdb_key_save_delay = 0;  // Microseconds a key, for tests; negative: keys a microsecond.
    int64_t key_load_delay = 0;      // As above.
    int64_t loading_process_events_interval_bytes = 2 * 1024 * 1024;
};

struct AofSettings {
    bool appendonly = false;
    std::string appendfilename = "appendonly.aof";
    std::string appenddirname = "appendonlydir";
    AppendFsync appendfsync = AppendFsync::EverySecond;
    bool no_appendfsync_on_rewrite = false;
    int64_t auto_aof_rewrite_percentage = 100;
    uint64_t auto_aof_rewrite_min_size = 64 * 1024 * 1024;
    bool aof_load_truncated = true;
    bool aof_use_rdb_preamble = true;
    bool aof_timestamp_enabled = false;
    bool aof_rewrite_incremental_fsync = true;
    bool aof_disable_auto_gc = false;
    bool aof_reply_after_write = true;      // Ours: with everysec, too, replies wait for write(2).
    bool aof_checksum_annotations = false;  // Ours: "#CRC:" lines, which others skip.
};

struct Settings {
    RdbSettings rdb;
    AofSettings aof;
};

void register_settings(config::Registry& registry, Settings& settings);

}  // namespace millrace::persistence
