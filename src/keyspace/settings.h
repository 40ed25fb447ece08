// SPDX-License-Identifier: BSD-3-Clause
//
// Settings of the databases: memory limit and eviction, expiry, defragmentation, and when values
// leave their compact encodings. Each field has the name of its directive.
//
// Owner:   Server.
// Threads: main thread.
#pragma once

#include <cstdint>
#include <string>

#include "config/registry.h"

namespace millrace::keyspace {

enum class MaxmemoryPolicy {
    VolatileLru,
    VolatileLfu,
    VolatileRandom,
    VolatileTtl,
    AllkeysLru,
    AllkeysLfu,
    AllkeysRandom,
    NoEviction,
};

// `maxmemory`: bytes, 0 for no limit, or `auto`: as much as the process may sensibly use where it
// runs.
struct MaxMemory {
    uint64_t bytes = 0;
    bool automatic = false;

    bool operator==(const MaxMemory&) const = default;
};

struct EncodingSettings {
    uint64_t hash_max_listpack_entries = 512;
    uint64_t hash_max_listpack_value = 64;
    uint64_t set_max_intset_entries = 512;
    uint64_t set_max_listpack_entries = 128;
    uint64_t set_max_listpack_value = 64;
    uint64_t zset_max_listpack_entries = 128;
    uint64_t zset_max_listpack_value = 64;
    int64_t list_max_listpack_size = -2;  // Negative: -1 to -5 for 4, 8, 16, 32, 64 kilobytes.
    int64_t list_compress_depth = 0;
    uint64_t stream_node_max_bytes = 4096;
    int64_t stream_node_max_entries = 100;
    uint64_t hll_sparse_max_bytes = 3000;
};

inline constexpr EncodingSettings kDefaultEncodings;

struct DefragSettings {
    bool activedefrag = false;
    uint64_t ignore_bytes = 100 * 1024 * 1024;
    int64_t threshold_lower = 10;
    int64_t threshold_upper = 100;
    int64_t cycle_min = 1;
    int64_t cycle_max = 25;
    int64_t cycle_us = 500;
    uint64_t max_scan_fields = 1000;
};

struct Settings {
    int64_t databases = 16;
    std::string hash_seed;   // Empty: random.
    MaxMemory maxmemory;
    bool maxmemory_count_buffers = true;  // Those of clients count towards the limit.
    MaxmemoryPolicy maxmemory_policy = MaxmemoryPolicy::NoEviction;
    int64_t maxmemory_samples = 5;
    int64_t maxmemory_eviction_tenacity = 10;
    int64_t lfu_log_factor = 10;
    int64_t lfu_decay_time = 1;
    int64_t active_expire_effort = 1;
    bool activerehashing = true;
    bool jemalloc_bg_thread = true;
    EncodingSettings encodings;
    DefragSettings defrag;
};

void register_settings(config::Registry& registry, Settings& settings);

}  // namespace millrace::keyspace
