// SPDX-License-Identifier: BSD-3-Clause
#include "replication/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace millrace::replication {
namespace {

using namespace config;  // The kinds and flags of settings.

constexpr int64_t kPortMax = 65535;
constexpr int64_t kIntMax = std::numeric_limits<int32_t>::max();
constexpr int64_t kInt64Max = std::numeric_limits<int64_t>::max();
constexpr uint64_t kUint63Max = std::numeric_limits<int64_t>::max();
constexpr uint64_t kBacklogBytesMin = 16 * 1024;

constexpr Choice<PropagationError> kPropagationErrors[] = {
    {"ignore", PropagationError::Ignore},
    {"panic", PropagationError::Panic},
    {"panic-on-replicas", PropagationError::PanicOnReplicas},
};

constexpr Choice<DisklessLoad> kDisklessLoads[] = {
    {"disabled", DisklessLoad::Disabled},
    {"on-empty-db", DisklessLoad::OnEmptyDatabase},
    {"swapdb", DisklessLoad::SwapDatabase},
    {"flush-before-load", DisklessLoad::FlushBeforeLoad},
};

Result<PrimaryAddress> parse_replicaof(Words words, const ParseContext<PrimaryAddress>&) {
    if (words.size() != 2) return kWrongNumberOfArguments;
    if (equal_ignoring_case(words[0], "no") && equal_ignoring_case(words[1], "one")) {
        return PrimaryAddress{};
    }
    const auto port = parse_integer(words[1], Unit::Plain, 0, kPortMax);
    if (!port.ok()) return Error("Invalid primary port");
    return PrimaryAddress{words[0], *port};
}

std::string print_replicaof(const PrimaryAddress& primary) {
    if (primary.host.empty()) return "";
    return fmt::format("{} {}", primary.host, primary.port);
}

void register_primary(Registry& registry, Settings& settings) {
    registry.add_custom<PrimaryAddress>("replicaof", settings.replicaof,
                                        {.parse = parse_replicaof,
                                         .print = print_replicaof,
                                         .alias = "slaveof",
                                         .flags = kImmutable | kMultiArgument | kNullable});
    registry.add_text("primaryauth", settings.primaryauth,
                      {.alias = "masterauth", .flags = kNullable | kSensitive});
    registry.add_text("primaryuser", settings.primaryuser,
                      {.alias = "masteruser", .flags = kNullable | kSensitive});
}

void register_replica(Registry& registry, Settings& settings) {
    registry.add_bool("replica-serve-stale-data", settings.replica_serve_stale_data,
                      {.alias = "slave-serve-stale-data"});
    registry.add_bool("replica-read-only", settings.replica_read_only,
                      {.alias = "slave-read-only"});
    registry.add_bool("replica-lazy-flush", settings.replica_lazy_flush,
                      {.alias = "slave-lazy-flush"});
    registry.add_bool("replica-ignore-maxmemory", settings.replica_ignore_maxmemory,
                      {.alias = "slave-ignore-maxmemory"});
    registry.add_integer("replica-priority", settings.replica_priority,
                         {.min = 0, .max = kIntMax, .alias = "slave-priority"});
    registry.add_bool("replica-announced", settings.replica_announced);
    registry.add_text("replica-announce-ip", settings.replica_announce_ip,
                      {.alias = "slave-announce-ip", .flags = kNullable});
    registry.add_integer("replica-announce-port", settings.replica_announce_port,
                         {.min = 0, .max = kPortMax, .alias = "slave-announce-port"});
    registry.add_bool("replica-ignore-disk-write-errors",
                      settings.replica_ignore_disk_write_errors);
    registry.add_enum("propagation-error-behavior", settings.propagation_error_behavior,
                      kPropagationErrors);
    registry.add_bool("import-mode", settings.import_mode);
}

void register_synchronisation(Registry& registry, Settings& settings) {
    registry.add_bool("repl-diskless-sync", settings.repl_diskless_sync);
    registry.add_integer("repl-diskless-sync-delay", settings.repl_diskless_sync_delay,
                         {.min = 0, .max = kIntMax});
    registry.add_integer("repl-diskless-sync-max-replicas",
                         settings.repl_diskless_sync_max_replicas, {.min = 0, .max = kIntMax});
    registry.add_enum("repl-diskless-load", settings.repl_diskless_load, kDisklessLoads,
                      {.flags = kDenyLoading});
    registry.add_integer("repl-ping-replica-period", settings.repl_ping_replica_period,
                         {.min = 1, .max = kIntMax, .alias = "repl-ping-slave-period"});
    registry.add_integer("repl-timeout", settings.repl_timeout, {.min = 1, .max = kIntMax});
    registry.add_bool("repl-disable-tcp-nodelay", settings.repl_disable_tcp_nodelay);
    registry.add_bool("repl-mptcp", settings.repl_mptcp, {.flags = kImmutable});
    registry.add_unsigned("repl-backlog-size", settings.repl_backlog_size,
                          {.min = 1, .max = kUint63Max, .unit = Unit::Memory});
    registry.add_integer("repl-backlog-ttl", settings.repl_backlog_ttl,
                         {.min = 0, .max = kInt64Max});
    registry.add_integer("min-replicas-to-write", settings.min_replicas_to_write,
                         {.min = 0, .max = kIntMax, .alias = "min-slaves-to-write"});
    registry.add_integer("min-replicas-max-lag", settings.min_replicas_max_lag,
                         {.min = 0, .max = kIntMax, .alias = "min-slaves-max-lag"});
    registry.add_bool("dual-channel-replication-enabled",
                      settings.dual_channel_replication_enabled);
}

}  // namespace

void register_settings(Registry& registry, Settings& settings) {
    register_primary(registry, settings);
    register_replica(registry, settings);
    register_synchronisation(registry, settings);
    // Compat: only CONFIG SET raises a small size, the file does not.
    registry.on_change({"repl-backlog-size"}, [&settings]() -> Status {
        settings.repl_backlog_size = std::max(settings.repl_backlog_size, kBacklogBytesMin);
        return done();
    });
}

}  // namespace millrace::replication
