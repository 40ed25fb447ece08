// SPDX-License-Identifier: BSD-3-Clause
//
// Settings of cluster mode. Each field has the name of its directive, without "cluster".
//
// Owner:   Server.
// Threads: main thread.
#pragma once

#include <cstdint>
#include <string>

#include "config/registry.h"

namespace millrace::cluster {

enum class EndpointType { Ip, Hostname, Unknown };

// What happens when nodes.conf cannot be written.
enum class ConfigSaveBehavior { Sync, BestEffort };

struct AnnounceSettings {
    std::string ip;
    std::string client_ipv4;
    std::string client_ipv6;
    std::string hostname;
    std::string human_nodename;
    int64_t port = 0;  // For all ports, 0: the real one.
    int64_t tls_port = 0;
    int64_t bus_port = 0;
    int64_t client_port = 0;
    int64_t client_tls_port = 0;
};

struct Settings {
    bool enabled = false;
    int64_t databases = 1;
    std::string config_file = "nodes.conf";
    ConfigSaveBehavior config_save_behavior = ConfigSaveBehavior::Sync;
    int64_t port = 0;  // 0: the client port and 10000.
    AnnounceSettings announce;
    EndpointType preferred_endpoint_type = EndpointType::Ip;

    bool require_full_coverage = true;
    bool allow_reads_when_down = false;
    bool allow_pubsubshard_when_down = true;
    bool allow_replica_migration = true;
    bool replica_no_failover = false;
    int64_t replica_validity_factor = 10;
    int64_t migration_barrier = 1;
    int64_t node_timeout = 15000;            // Milliseconds.
    int64_t manual_failover_timeout = 5000;  // Milliseconds.
    int64_t ping_interval = 0;               // Milliseconds, for tests; 0: the usual one.
    int64_t message_gossip_perc = 10;
    int64_t blacklist_ttl = 60;  // Seconds.
    uint64_t link_sendbuf_limit = 0;
    bool slot_stats_enabled = false;
    int64_t slot_migration_log_max_len = 1000;
    int64_t slot_migration_max_failover_repl_bytes = 0;  // -1: no limit.
};

void register_settings(config::Registry& registry, Settings& settings);

}  // namespace millrace::cluster
