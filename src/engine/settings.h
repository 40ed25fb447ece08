// SPDX-License-Identifier: BSD-3-Clause
//
// Settings of the command engine: limits of clients, access control, command and latency logs, key
// events. Each field has the name of its directive, but for proto_max_bulk_bytes and lazyfree_*.
//
// Owner:   Server.
// Threads: main thread; I/O threads work on copies that arrive with records.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "config/registry.h"

namespace millrace::engine {

// Who may use something dangerous; Local: clients on this machine.
enum class LocalAccess { No, Yes, Local };

// What a new user may subscribe to.
enum class PubsubDefault { AllChannels, ResetChannels };

// One class of `client-output-buffer-limit`: closed at hard_bytes, or after soft_seconds above
// soft_bytes. 0 is no limit.
struct OutputLimit {
    uint64_t hard_bytes = 0;
    uint64_t soft_bytes = 0;
    int64_t soft_seconds = 0;

    bool operator==(const OutputLimit&) const = default;
};

struct OutputLimits {
    OutputLimit normal;
    OutputLimit replica{256u << 20, 64u << 20, 60};
    OutputLimit pubsub{32u << 20, 8u << 20, 60};

    bool operator==(const OutputLimits&) const = default;
};

struct Settings {
    // Clients.
    uint64_t client_query_buffer_limit = 1u << 30;
    OutputLimits client_output_buffer_limit;
    uint64_t proto_max_bulk_bytes = 512u << 20;
    int64_t maxmemory_clients = 0;  // Bytes; negative: so many percent of maxmemory.
    uint64_t tracking_table_max_keys = 1000000;
    uint32_t notify_keyspace_events = 0;  // Bits of EventClass.
    bool extended_redis_compatibility = false;

    // Access control.
    std::string requirepass;
    std::string aclfile;
    PubsubDefault acl_pubsub_default = PubsubDefault::ResetChannels;
    int64_t acllog_max_len = 128;
    LocalAccess enable_protected_configs = LocalAccess::No;
    LocalAccess enable_debug_command = LocalAccess::No;
    LocalAccess enable_module_command = LocalAccess::No;

    // Scripts that run for longer let others know that the server is busy. Milliseconds.
    int64_t busy_reply_threshold = 5000;

    // Latency and command logs.
    bool latency_tracking = true;
    std::vector<double> latency_tracking_info_percentiles = {50, 99, 99.9};
    int64_t latency_monitor_threshold = 0;             // Milliseconds; 0: off.
    int64_t commandlog_execution_slower_than = 10000;  // Microseconds; negative: off.
    int64_t commandlog_slow_execution_max_len = 128;
    int64_t commandlog_request_larger_than = 1 << 20;
    int64_t commandlog_large_request_max_len = 128;
    int64_t commandlog_reply_larger_than = 1 << 20;
    int64_t commandlog_large_reply_max_len = 128;

    // Which keys are used most: how many are shown (0: nobody looks), and over how long.
    int64_t hotkey_top_k = 16;
    int64_t hotkey_window_seconds = 10;

    // Which memory is freed in the background.
    bool lazyfree_eviction = true;
    bool lazyfree_expire = true;
    bool lazyfree_server_del = true;
    bool lazyfree_user_del = true;
    bool lazyfree_user_flush = true;
};

void register_settings(config::Registry& registry, Settings& settings);

}  // namespace millrace::engine
