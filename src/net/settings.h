// SPDX-License-Identifier: BSD-3-Clause
//
// Settings of listeners, sockets, connection limits and TLS. Each field has the name of its
// directive.
//
// Owner:   Server.
// Threads: main thread; I/O threads work on copies that arrive with records.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/registry.h"

namespace millrace::net {

inline constexpr size_t kBindAddressesMax = 16;

enum class TlsAuthClients { No, Yes, Optional };

// Which field of a client's certificate names its user.
enum class TlsAuthClientsUser { Off, CommonName, Uri };

struct TlsSettings {
    int64_t port = 0;
    int64_t session_cache_size = 20480;
    int64_t session_cache_timeout = 300;
    int64_t auto_reload_interval = 0;  // Seconds; 0: never.
    bool cluster = false;
    bool replication = false;
    TlsAuthClients auth_clients = TlsAuthClients::Yes;
    TlsAuthClientsUser auth_clients_user = TlsAuthClientsUser::Off;
    bool prefer_server_ciphers = false;
    bool session_caching = true;
    std::string cert_file;
    std::string key_file;
    std::string key_file_pass;
    std::string client_cert_file;
    std::string client_key_file;
    std::string client_key_file_pass;
    std::string dh_params_file;
    std::string ca_cert_file;
    std::string ca_cert_dir;
    std::string protocols;
    std::string ciphers;
    std::string ciphersuites;
};

struct Settings {
    int64_t port = 6379;                            // 0: no TCP listener.
    std::vector<std::string> bind = {"*", "-::*"};  // A leading '-': failing is no error.
    std::string bind_source_addr;
    std::string unixsocket;
    int64_t unixsocketperm = 0;  // 0: what the umask leaves.
    std::string unixsocketgroup;
    int64_t tcp_backlog = 511;
    int64_t tcp_keepalive = 300;  // Seconds; 0: off.
    int64_t timeout = 0;          // Seconds of idleness after which a client is closed; 0: never.
    int64_t maxclients = 10000;
    bool protected_mode = true;
    int64_t socket_mark_id = 0;
    bool mptcp = false;
    int64_t max_new_connections_per_cycle = 10;
    int64_t max_new_tls_connections_per_cycle = 1;
    TlsSettings tls;

    // Accepted so that files written for Valkey load; there is no RDMA listener.
    int64_t rdma_port = 0;
    std::vector<std::string> rdma_bind;
    int64_t rdma_rx_size = 1024 * 1024;
    int64_t rdma_completion_vector = -1;
};

void register_settings(config::Registry& registry, Settings& settings);

}  // namespace millrace::net
