// SPDX-License-Identifier: BSD-3-Clause
//
// Plain counters of the main thread, grouped by who writes them. Counts that I/O threads make too
// are in thread_usage.h; those of commands, errors and keys belong to engine and keyspace.
//
// Owner:   ServerState. Threads: main thread.
#pragma once

#include <cstdint>

namespace millrace::observe {

// Written by whoever accepts and closes connections.
struct NetCounters {
    uint64_t connections_received = 0;
    uint64_t connections_rejected = 0;  // For lack of room under maxclients, or descriptors.
    uint64_t closed_for_input_limit = 0;
    uint64_t closed_for_output_limit = 0;
    uint64_t clients_evicted = 0;
    // Levels, not counts; a reset leaves them alone.
    uint64_t connections = 0;  // Open now.
    uint64_t io_threads_active = 0;
    uint64_t io_threads_configured = 0;  // At most; the main thread does not count.
    uint64_t migrate_links = 0;          // Of MIGRATE, kept for the next one.
    uint64_t reads_pending = 0;   // Read jobs handed to I/O threads and not back yet.
    uint64_t writes_pending = 0;  // Write jobs likewise.
};

// Written by the main loop, once a turn. A turn's duration does not include waiting.
struct LoopCounters {
    uint64_t cycles = 0;
    uint64_t duration_us = 0;
    uint64_t command_duration_us = 0;
    uint64_t aof_duration_us = 0;
    uint64_t cron_duration_us = 0;
    uint64_t duration_us_highest = 0;
    uint64_t commands_per_cycle_highest = 0;
    uint64_t prefetch_batches = 0;  // Batches whose look-ups overlapped, and the requests in them.
    uint64_t prefetch_entries = 0;
};

// Written by the cron and by INFO.
struct MemoryMarks {
    uint64_t startup_bytes = 0;  // In use when the server had started, with no keys.
    uint64_t peak_bytes = 0;
    int64_t peak_unix_seconds = 0;

    void note(uint64_t used_bytes, int64_t unix_seconds) {
        if (used_bytes <= peak_bytes) return;
        peak_bytes = used_bytes;
        peak_unix_seconds = unix_seconds;
    }
};

// Written by whoever moves data together.
struct DefragCounters {
    uint64_t hits = 0;  // Allocations that were moved, and those that were looked at and left.
    uint64_t misses = 0;
    uint64_t key_hits = 0;
    uint64_t key_misses = 0;
    uint64_t total_us = 0;    // Spent, without the work under way.
    uint64_t current_us = 0;  // On the work under way.
    int64_t running_percent = 0;  // A level: how much of the time it may take now.
};

// Written by whoever takes snapshots, writes RDB files and loads them.
struct SnapshotCounters {
    uint64_t taken = 0;
    uint64_t saved = 0;
    int64_t last_save_unix_seconds = 0;  // Or when the server started.
    uint64_t dirty_at_last_save = 0;     // The engine's count of changes then.
    bool last_save_failed = false;
    int64_t last_background_seconds = -1;  // How long it took; -1 before the first.
    uint64_t last_cow_bytes = 0;           // What was held for the last one, at most.
    // Of the one that is being taken.
    bool saving_in_background = false;
    int64_t background_since_seconds = -1;
    uint64_t keys_processed = 0;
    uint64_t keys_total = 0;
    uint64_t cow_bytes = 0;
    uint64_t cow_bytes_highest = 0;
    uint64_t last_load_keys_loaded = 0;
    uint64_t last_load_keys_expired = 0;
};

}  // namespace millrace::observe
