// SPDX-License-Identifier: BSD-3-Clause
#include "net/settings.h"

#include <limits>

namespace millrace::net {
namespace {

using namespace config;  // The kinds and flags of settings.

constexpr int64_t kPortMax = 65535;
constexpr int64_t kIntMax = std::numeric_limits<int32_t>::max();
constexpr int64_t kUint32Max = std::numeric_limits<uint32_t>::max();

constexpr ErrorText kNoRdma{"No RDMA building support."};

constexpr Choice<TlsAuthClients> kTlsAuthClients[] = {
    {"no", TlsAuthClients::No},
    {"yes", TlsAuthClients::Yes},
    {"optional", TlsAuthClients::Optional},
};

constexpr Choice<TlsAuthClientsUser> kTlsAuthClientsUser[] = {
    {"CN", TlsAuthClientsUser::CommonName},
    {"URI", TlsAuthClientsUser::Uri},
    {"off", TlsAuthClientsUser::Off},
};

using Addresses = std::vector<std::string>;

Result<Addresses> parse_addresses(Words words, const ParseContext<Addresses>&) {
    if (words.size() > kBindAddressesMax) {
        return Error("Too many bind addresses specified.");
    }
    if (words.size() == 1 && words[0].empty()) return Addresses{};
    return Addresses(words.begin(), words.end());
}

std::string print_addresses(const Addresses& addresses) {
    std::string text;
    for (const std::string& address : addresses) {
        if (!text.empty()) text += ' ';
        text += address;
    }
    return text;
}

// The default is not written, so that a newer server may have a better one.
std::vector<std::string> write_addresses(const Addresses& addresses, const Addresses& usual,
                                         bool complete) {
    if (addresses == usual && !complete) return {};
    if (addresses.empty()) return {"\"\""};
    Addresses words = addresses;
    for (std::string& word : words) {
        if (needs_quotes(word)) word = quote(word);
    }
    return {print_addresses(words)};
}

// Compat: any CONFIG SET is refused, even one that changes nothing.
Result<Addresses> parse_rdma_addresses(Words words, const ParseContext<Addresses>& context) {
    if (context.source == Source::Command) return kNoRdma;
    return parse_addresses(words, context);
}

CustomOptions<Addresses> address_options() {
    return {.parse = parse_addresses,
            .print = print_addresses,
            .write = write_addresses,
            .flags = kMultiArgument};
}

void register_listeners(Registry& registry, Settings& settings) {
    registry.add_integer("port", settings.port, {.min = 0, .max = kPortMax});
    registry.add_custom("bind", settings.bind, address_options());
    registry.add_text("bind-source-addr", settings.bind_source_addr, {.flags = kNullable});
    registry.add_text("unixsocket", settings.unixsocket, {.flags = kImmutable | kNullable});
    registry.add_integer("unixsocketperm", settings.unixsocketperm,
                         {.min = 0, .max = 0777, .unit = Unit::Octal, .flags = kImmutable});
    registry.add_text("unixsocketgroup", settings.unixsocketgroup,
                      {.flags = kImmutable | kNullable});
    registry.add_integer("tcp-backlog", settings.tcp_backlog,
                         {.min = 0, .max = kIntMax, .flags = kImmutable});
    registry.add_integer("tcp-keepalive", settings.tcp_keepalive, {.min = 0, .max = kIntMax});
    registry.add_integer("timeout", settings.timeout, {.min = 0, .max = kIntMax});
    registry.add_integer("maxclients", settings.maxclients, {.min = 1, .max = kUint32Max});
    registry.add_bool("protected-mode", settings.protected_mode);
    registry.add_integer("socket-mark-id", settings.socket_mark_id,
                         {.min = 0, .max = kUint32Max, .flags = kImmutable});
    registry.add_bool("mptcp", settings.mptcp, {.flags = kImmutable});
    registry.add_integer("max-new-connections-per-cycle", settings.max_new_connections_per_cycle,
                         {.min = 1, .max = 1000});
    registry.add_integer("max-new-tls-connections-per-cycle",
                         settings.max_new_tls_connections_per_cycle, {.min = 1, .max = 1000});
    registry.add_integer("rdma-port", settings.rdma_port, {.min = 0, .max = kPortMax});
    CustomOptions<Addresses> rdma_options = address_options();
    rdma_options.parse = parse_rdma_addresses;
    registry.add_custom("rdma-bind", settings.rdma_bind, rdma_options);
    registry.add_integer("rdma-rx-size", settings.rdma_rx_size,
                         {.min = 64 * 1024, .max = 16 * 1024 * 1024, .flags = kImmutable});
    registry.add_integer("rdma-completion-vector", settings.rdma_completion_vector,
                         {.min = -1, .max = 1024, .flags = kImmutable});
}

void register_tls(Registry& registry, TlsSettings& tls) {
    registry.add_integer("tls-port", tls.port, {.min = 0, .max = kPortMax});
    registry.add_integer("tls-session-cache-size", tls.session_cache_size,
                         {.min = 0, .max = kIntMax});
    registry.add_integer("tls-session-cache-timeout", tls.session_cache_timeout,
                         {.min = 0, .max = kIntMax});
    registry.add_integer("tls-auto-reload-interval", tls.auto_reload_interval,
                         {.min = 0, .max = kIntMax});
    registry.add_bool("tls-cluster", tls.cluster);
    registry.add_bool("tls-replication", tls.replication);
    registry.add_enum("tls-auth-clients", tls.auth_clients, kTlsAuthClients);
    registry.add_enum("tls-auth-clients-user", tls.auth_clients_user, kTlsAuthClientsUser);
    registry.add_bool("tls-prefer-server-ciphers", tls.prefer_server_ciphers);
    registry.add_bool("tls-session-caching", tls.session_caching);
    registry.add_text("tls-cert-file", tls.cert_file, {.flags = kNullable});
    registry.add_text("tls-key-file", tls.key_file, {.flags = kNullable});
    registry.add_text("tls-key-file-pass", tls.key_file_pass, {.flags = kNullable | kSensitive});
    registry.add_text("tls-client-cert-file", tls.client_cert_file, {.flags = kNullable});
    registry.add_text("tls-client-key-file", tls.client_key_file, {.flags = kNullable});
    registry.add_text("tls-client-key-file-pass", tls.client_key_file_pass,
                      {.flags = kNullable | kSensitive});
    registry.add_text("tls-dh-params-file", tls.dh_params_file, {.flags = kNullable});
    registry.add_text("tls-ca-cert-file", tls.ca_cert_file, {.flags = kNullable});
    registry.add_text("tls-ca-cert-dir", tls.ca_cert_dir, {.flags = kNullable});
    registry.add_text("tls-protocols", tls.protocols, {.flags = kNullable});
    registry.add_text("tls-ciphers", tls.ciphers, {.flags = kNullable});
    registry.add_text("tls-ciphersuites", tls.ciphersuites, {.flags = kNullable});
}

}  // namespace

void register_settings(Registry& registry, Settings& settings) {
    register_listeners(registry, settings);
    register_tls(registry, settings.tls);
    registry.on_change({"rdma-port"}, []() -> Status { return kNoRdma; });
}

}  // namespace millrace::net
