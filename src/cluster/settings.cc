// SPDX-License-Identifier: BSD-3-Clause
#include "cluster/settings.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <limits>
#include <string_view>

#include "config/checks.h"

namespace millrace::cluster {
namespace {

using namespace config;  // The kinds and flags of settings.

constexpr int64_t kPortMax = 65535;
constexpr int64_t kIntMax = std::numeric_limits<int32_t>::max();
constexpr int64_t kInt64Max = std::numeric_limits<int64_t>::max();
constexpr size_t kHostnameBytesMax = 255;
constexpr size_t kIpBytesMax = 45;
constexpr std::string_view kNodePunctuation = "-./:_`";

constexpr Choice<EndpointType> kEndpointTypes[] = {
    {"ip", EndpointType::Ip},
    {"hostname", EndpointType::Hostname},
    {"unknown-endpoint", EndpointType::Unknown},
};

constexpr Choice<ConfigSaveBehavior> kSaveBehaviors[] = {
    {"sync", ConfigSaveBehavior::Sync},
    {"best-effort", ConfigSaveBehavior::BestEffort},
};

bool is_alphanumeric(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// What may stand in nodes.conf without ending a field there.
bool is_node_character(char c) {
    const bool beyond_ascii = static_cast<unsigned char>(c) >= 0x80;
    return is_alphanumeric(c) || beyond_ascii || kNodePunctuation.find(c) != std::string_view::npos;
}

bool is_node_text(const std::string& text) {
    return std::all_of(text.begin(), text.end(), is_node_character);
}

Status validate_hostname(const std::string& name) {
    if (name.size() > kHostnameBytesMax) {
        return Error(
            fmt::format("Hostnames must be less than {} characters", kHostnameBytesMax + 1));
    }
    for (const char c : name) {
        if (is_alphanumeric(c) || c == '-' || c == '.') continue;
        return Error("Hostnames may only contain alphanumeric characters, hyphens or dots");
    }
    return done();
}

Status validate_human_nodename(const std::string& name) {
    if (is_node_text(name)) return done();
    return Error("Announced human node name contained invalid character");
}

Status validate_announce_ip(const std::string& address) {
    if (address.size() > kIpBytesMax) return Error("cluster-announce-ip is too long");
    if (!is_node_text(address)) return Error("cluster-announce-ip contains invalid character");
    return done();
}

Status validate_ipv4(const std::string& address) {
    in_addr parsed{};
    if (address.empty() || ::inet_pton(AF_INET, address.c_str(), &parsed) == 1) return done();
    return Error("Invalid IPv4 address");
}

Status validate_ipv6(const std::string& address) {
    in6_addr parsed{};
    if (address.empty() || ::inet_pton(AF_INET6, address.c_str(), &parsed) == 1) return done();
    return Error("Invalid IPv6 address");
}

void register_node(Registry& registry, Settings& settings) {
    registry.add_bool("cluster-enabled", settings.enabled, {.flags = kImmutable});
    registry.add_integer("cluster-databases", settings.databases,
                         {.min = 1, .max = kIntMax, .flags = kImmutable});
    registry.add_text("cluster-config-file", settings.config_file,
                      {.flags = kImmutable, .validate = not_empty("cluster-config-file")});
    registry.add_enum("cluster-config-save-behavior", settings.config_save_behavior,
                      kSaveBehaviors);
    registry.add_integer("cluster-port", settings.port,
                         {.min = 0, .max = kPortMax, .flags = kImmutable});
    registry.add_enum("cluster-preferred-endpoint-type", settings.preferred_endpoint_type,
                      kEndpointTypes);
}

void register_announce(Registry& registry, AnnounceSettings& announce) {
    registry.add_text("cluster-announce-ip", announce.ip,
                      {.flags = kNullable, .validate = validate_announce_ip});
    registry.add_text("cluster-announce-client-ipv4", announce.client_ipv4,
                      {.flags = kNullable, .validate = validate_ipv4});
    registry.add_text("cluster-announce-client-ipv6", announce.client_ipv6,
                      {.flags = kNullable, .validate = validate_ipv6});
    registry.add_text("cluster-announce-hostname", announce.hostname,
                      {.flags = kNullable, .validate = validate_hostname});
    registry.add_text("cluster-announce-human-nodename", announce.human_nodename,
                      {.flags = kNullable, .validate = validate_human_nodename});
    registry.add_integer("cluster-announce-port", announce.port, {.min = 0, .max = kPortMax});
    registry.add_integer("cluster-announce-tls-port", announce.tls_port,
                         {.min = 0, .max = kPortMax});
    registry.add_integer("cluster-announce-bus-port", announce.bus_port,
                         {.min = 0, .max = kPortMax});
    registry.add_integer("cluster-announce-client-port", announce.client_port,
                         {.min = 0, .max = kPortMax});
    registry.add_integer("cluster-announce-client-tls-port", announce.client_tls_port,
                         {.min = 0, .max = kPortMax});
}

void register_failover(Registry& registry, Settings& settings) {
    registry.add_bool("cluster-require-full-coverage", settings.require_full_coverage);
    registry.add_bool("cluster-allow-reads-when-down", settings.allow_reads_when_down);
    registry.add_bool("cluster-allow-pubsubshard-when-down", settings.allow_pubsubshard_when_down);
    registry.add_bool("cluster-allow-replica-migration", settings.allow_replica_migration);
    registry.add_bool("cluster-replica-no-failover", settings.replica_no_failover,
                      {.alias = "cluster-slave-no-failover"});
    registry.add_integer("cluster-replica-validity-factor", settings.replica_validity_factor,
                         {.min = 0, .max = kIntMax, .alias = "cluster-slave-validity-factor"});
    registry.add_integer("cluster-migration-barrier", settings.migration_barrier,
                         {.min = 0, .max = kIntMax});
    registry.add_integer("cluster-node-timeout", settings.node_timeout,
                         {.min = 0, .max = kInt64Max});
    registry.add_integer("cluster-manual-failover-timeout", settings.manual_failover_timeout,
                         {.min = 1, .max = kIntMax});
}

void register_bus(Registry& registry, Settings& settings) {
    registry.add_integer("cluster-ping-interval", settings.ping_interval,
                         {.min = 0, .max = kInt64Max, .flags = kHidden});
    registry.add_integer("cluster-message-gossip-perc", settings.message_gossip_perc,
                         {.min = 1, .max = 100, .flags = kHidden});
    registry.add_integer("cluster-blacklist-ttl", settings.blacklist_ttl);
    registry.add_unsigned("cluster-link-sendbuf-limit", settings.link_sendbuf_limit,
                          {.unit = Unit::Memory});
    registry.add_bool("cluster-slot-stats-enabled", settings.slot_stats_enabled);
    registry.add_integer("cluster-slot-migration-log-max-len", settings.slot_migration_log_max_len,
                         {.min = 0, .max = kInt64Max});
    registry.add_integer("slot-migration-max-failover-repl-bytes",
                         settings.slot_migration_max_failover_repl_bytes,
                         {.min = -1, .max = kInt64Max, .unit = Unit::Memory});
}

}  // namespace

void register_settings(Registry& registry, Settings& settings) {
    register_node(registry, settings);
    register_announce(registry, settings.announce);
    register_failover(registry, settings);
    register_bus(registry, settings);
}

}  // namespace millrace::cluster
