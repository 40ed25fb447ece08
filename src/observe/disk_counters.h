// SPDX-License-Identifier: BSD-3-Clause
//
// What loading and the append-only file note about themselves for INFO.
//
// Owner:   ServerState.
// Threads: main thread.
#pragma once

#include <cstdint>

namespace millrace::observe {

// Written by whoever loads the dataset.
struct LoadingMarks {
    bool active = false;
    int64_t begin_unix_seconds = 0;
    int64_t begin_monotonic_ns = 0;
    int64_t now_monotonic_ns = 0;  // When the rest was noted.
    uint64_t bytes_total = 0;
    uint64_t bytes_loaded = 0;
    uint64_t bytes_of_rdb_memory = 0;  // What the file says its maker used.
};

// Written by the append-only file.
struct AofCounters {
    bool enabled = false;
    bool rewrite_in_progress = false;
    bool rewrite_scheduled = false;
    bool last_rewrite_failed = false;
    bool last_write_failed = false;
    bool sync_pending = false;
    int64_t last_rewrite_seconds = -1;
    int64_t rewrite_began_unix_seconds = -1;
    uint64_t rewrites = 0;
    uint64_t rewrite_failures_in_a_row = 0;
    uint64_t bytes = 0;       // Of all files.
    uint64_t bytes_base = 0;  // When the last rewrite ended, or the server started.
    uint64_t bytes_buffered = 0;
    uint64_t syncs_delayed = 0;
};

}  // namespace millrace::observe
