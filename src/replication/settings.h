// SPDX-License-Identifier: BSD-3-Clause
//
// Settings of replication, for both ends. Each field has the name of its directive.
//
// Owner:   Server.
// Threads: main thread.
#pragma once

#include <cstdint>
#include <string>

#include "config/registry.h"

namespace millrace::replication {

// `replicaof`; REPLICAOF changes it at run time.
struct PrimaryAddress {
    std::string host;  // Empty: this server is a primary.
    int64_t port = 0;

    bool operator==(const PrimaryAddress&) const = default;
};

enum class PropagationError { Ignore, Panic, PanicOnReplicas };

enum class DisklessLoad { Disabled, OnEmptyDatabase, SwapDatabase, FlushBeforeLoad };

struct Settings {
    PrimaryAddress replicaof;
    std::string primaryauth;
    std::string primaryuser;
    bool replica_serve_stale_data = true;
    bool replica_read_only = true;
    bool replica_lazy_flush = true;
    bool replica_ignore_maxmemory = true;
    int64_t replica_priority = 100;
    bool replica_announced = true;
    std::string replica_announce_ip;
    int64_t replica_announce_port = 0;
    bool replica_ignore_disk_write_errors = false;
    PropagationError propagation_error_behavior = PropagationError::Ignore;
    bool repl_diskless_sync = true;
    int64_t repl_diskless_sync_delay = 5;
    int64_t repl_diskless_sync_max_replicas = 0;
    DisklessLoad repl_diskless_load = DisklessLoad::Disabled;
    int64_t repl_ping_replica_period = 10;
    int64_t repl_timeout = 60;
    bool repl_disable_tcp_nodelay = false;
    bool repl_mptcp = false;
    uint64_t repl_backlog_size = 10 * 1024 * 1024;
    int64_t repl_backlog_ttl = 3600;
    int64_t min_replicas_to_write = 0;
    int64_t min_replicas_max_lag = 10;
    bool dual_channel_replication_enabled = false;
    bool import_mode = false;
};

void register_settings(config::Registry& registry, Settings& settings);

}  // namespace millrace::replication
