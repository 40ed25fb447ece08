// SPDX-License-Identifier: BSD-3-Clause
//
// CLUSTER, CLUSTERSCAN, ASKING, READONLY, READWRITE on a server that is no node of a cluster: what
// does not need one works, everything else says so.

#include "base/crc16.h"
#include "engine/command.h"

namespace millrace::cluster::commands::cluster {
namespace {

using namespace engine;

Status not_a_node(Call& call);
Status keyslot(Call& call);
Status read_only(Call& call);
Status read_write(Call& call);

constexpr std::string_view kVaries[] = {"nondeterministic_output"};
constexpr uint64_t kReads = kLoading | kStale;
constexpr uint64_t kChanges = kAdmin | kStale | kNoAsyncLoading;
constexpr Arg kSlotArgs[] = {{"slot", ArgType::Integer}};
constexpr Arg kKeysArgs[] = {{"slot", ArgType::Integer}, {"count", ArgType::Integer}};
constexpr Arg kKeyArgs[] = {{"key", ArgType::String}};
constexpr Arg kNodeArgs[] = {{"node-id", ArgType::String}};
constexpr Arg kResetTypes[] = {
    {.name = "hard", .type = ArgType::PureToken, .token = "HARD"},
    {.name = "soft", .type = ArgType::PureToken, .token = "SOFT"},
};
constexpr Arg kResetArgs[] = {
    {.name = "reset-type", .type = ArgType::OneOf, .flags = kOptional, .children = kResetTypes}};
constexpr HistoryEntry kShardsHistory[] = {
    {"9.1.0", "Added shard level `id` field and node level `availability-zone` field."}};
constexpr HistoryEntry kSlotsHistory[] = {
    {"4.0.0", "Added node IDs."},
    {"7.0.0", "Added additional networking metadata field."},
    {"9.1.0", "Added `availability-zone` field inside the networking metadata."},
};
constexpr Arg kSlotRangeArgs[] = {
    {.name = "start-slot", .type = ArgType::Integer},
    {.name = "end-slot", .type = ArgType::Integer},
};
constexpr Arg kSlotsArgs[] = {
    {.name = "slot", .type = ArgType::Integer, .flags = kMultiple},
};
constexpr Arg kSlotRangesArgs[] = {
    {.name = "range",
     .type = ArgType::Block,
     .flags = kMultiple,
     .children = kSlotRangeArgs},
};
constexpr HistoryEntry kClusterCountFailureReportsHistory[] = {
    {"9.0.0", "Nothing is added once the node counts as failed."}};
constexpr Arg kClusterFailoverOptionsArgs[] = {
    {.name = "force", .type = ArgType::PureToken, .token = "FORCE"},
    {.name = "takeover", .type = ArgType::PureToken, .token = "TAKEOVER"},
};
constexpr Arg kClusterFailoverArgs[] = {
    {.name = "options",
     .type = ArgType::OneOf,
     .flags = kOptional,
     .children = kClusterFailoverOptionsArgs},
};
constexpr Arg kClusterFlushslotFlushTypeArgs[] = {
    {.name = "async", .type = ArgType::PureToken, .token = "ASYNC"},
    {.name = "sync", .type = ArgType::PureToken, .token = "SYNC"},
};
constexpr Arg kClusterFlushslotArgs[] = {
    {.name = "slot", .type = ArgType::Integer},
    {.name = "flush-type",
     .type = ArgType::OneOf,
     .flags = kOptional,
     .children = kClusterFlushslotFlushTypeArgs},
};
constexpr Arg kClusterMeetArgs[] = {
    {.name = "ip", .type = ArgType::String},
    {.name = "port", .type = ArgType::Integer},
    {.name = "cluster-bus-port", .type = ArgType::Integer, .flags = kOptional, .since = "4.0.0"},
};
constexpr HistoryEntry kClusterMeetHistory[] = {{"4.0.0", "The port of the bus."}};
constexpr Arg kClusterMigrateslotsMigrationGroupArgs[] = {
    {.name = "slotsrange-token", .type = ArgType::PureToken, .token = "SLOTSRANGE"},
    {.name = "range",
     .type = ArgType::Block,
     .flags = kMultiple,
     .children = kSlotRangeArgs},
    {.name = "node-token", .type = ArgType::PureToken, .token = "NODE"},
    {.name = "node-id", .type = ArgType::String},
};
constexpr Arg kClusterMigrateslotsArgs[] = {
    {.name = "migration-group",
     .type = ArgType::Block,
     .flags = kMultiple,
     .children = kClusterMigrateslotsMigrationGroupArgs},
};
constexpr Arg kClusterReplicateArgsNoOneArgs[] = {
    {.name = "no", .type = ArgType::PureToken, .token = "NO"},
    {.name = "one", .type = ArgType::PureToken, .token = "ONE"},
};
constexpr Arg kClusterReplicateArgsArgs[] = {
    {.name = "node-id", .type = ArgType::String},
    {.name = "no-one",
     .type = ArgType::Block,
     .children = kClusterReplicateArgsNoOneArgs,
     .since = "9.0.0"},
};
constexpr Arg kClusterReplicateArgs[] = {
    {.name = "args", .type = ArgType::OneOf, .children = kClusterReplicateArgsArgs},
};
constexpr HistoryEntry kClusterReplicateHistory[] = {{"9.0.0", "NO ONE."}};
constexpr Arg kClusterSetConfigEpochArgs[] = {
    {.name = "config-epoch", .type = ArgType::Integer},
};
constexpr Arg kClusterSetslotSubcommandArgs[] = {
    {.name = "importing", .type = ArgType::String, .token = "IMPORTING", .display = "node-id"},
    {.name = "migrating", .type = ArgType::String, .token = "MIGRATING", .display = "node-id"},
    {.name = "node", .type = ArgType::String, .token = "NODE", .display = "node-id"},
    {.name = "stable", .type = ArgType::PureToken, .token = "STABLE"},
};
constexpr Arg kClusterSetslotArgs[] = {
    {.name = "slot", .type = ArgType::Integer},
    {.name = "subcommand", .type = ArgType::OneOf, .children = kClusterSetslotSubcommandArgs},
    {.name = "timeout",
     .type = ArgType::Integer,
     .token = "TIMEOUT",
     .flags = kOptional,
     .since = "8.0.0"},
};
constexpr HistoryEntry kClusterSetslotHistory[] = {{"8.0.0", "TIMEOUT."}};
constexpr Arg kClusterSlotStatsFilterOrderbyOrderArgs[] = {
    {.name = "asc", .type = ArgType::PureToken, .token = "ASC"},
    {.name = "desc", .type = ArgType::PureToken, .token = "DESC"},
};
constexpr Arg kClusterSlotStatsFilterOrderbyArgs[] = {
    {.name = "metric", .type = ArgType::String},
    {.name = "limit", .type = ArgType::Integer, .token = "LIMIT", .flags = kOptional},
    {.name = "order",
     .type = ArgType::OneOf,
     .flags = kOptional,
     .children = kClusterSlotStatsFilterOrderbyOrderArgs},
};
constexpr Arg kClusterSlotStatsFilterArgs[] = {
    {.name = "slotsrange",
     .type = ArgType::Block,
     .token = "SLOTSRANGE",
     .children = kSlotRangeArgs},
    {.name = "orderby",
     .type = ArgType::Block,
     .token = "ORDERBY",
     .children = kClusterSlotStatsFilterOrderbyArgs},
};
constexpr Arg kClusterSlotStatsArgs[] = {
    {.name = "filter", .type = ArgType::OneOf, .children = kClusterSlotStatsFilterArgs},
};
constexpr std::string_view kClusterSlotStatsTips[] = {"nondeterministic_output",
                                                      "request_policy:all_shards"};
constexpr Arg kClusterscanArgs[] = {
    {.name = "cursor", .type = ArgType::String},
    {.name = "match-pattern", .type = ArgType::Pattern, .token = "MATCH", .flags = kOptional},
    {.name = "count", .type = ArgType::Integer, .token = "COUNT", .flags = kOptional},
    {.name = "type", .type = ArgType::String, .token = "TYPE", .flags = kOptional},
    {.name = "slot", .type = ArgType::Integer, .token = "SLOT", .flags = kOptional},
};
constexpr std::string_view kClusterscanTips[] = {
    "nondeterministic_output", "request_policy:special", "response_policy:special"};
constexpr KeySpec kClusterscanKeys[] = {{.first = 1, .flags = kKeyNotKey}};

constexpr CommandSpec kSubcommands[] = {
    {.name = "ADDSLOTS",
     .summary = "Gives hash slots to this node.",
     .since = "3.0.0",
     .group = Group::Cluster,
     .complexity = "O(N), N being the slots",
     .arity = -3,
     .flags = kChanges,
     .args = kSlotsArgs,
     .run = not_a_node},
    {.name = "ADDSLOTSRANGE",
     .summary = "Gives ranges of hash slots to this node.",
     .since = "7.0.0",
     .group = Group::Cluster,
     .complexity = "O(N), N being the slots of the ranges",
     .arity = -4,
     .flags = kChanges,
     .args = kSlotRangesArgs,
     .run = not_a_node},
    {.name = "BUMPEPOCH",
     .summary = "Raises the epoch of the configuration.",
     .since = "3.0.0",
     .group = Group::Cluster,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kChanges,
     .tips = kVaries,
     .run = not_a_node},
    {.name = "CANCELSLOTMIGRATIONS",
     .summary = "Ends all migrations of slots that are under way.",
     .since = "9.0.0",
     .group = Group::Cluster,
     .complexity = "O(N), N being the migrations",
     .arity = 2,
     .flags = kChanges,
     .run = not_a_node},
    {.name = "COUNT-FAILURE-REPORTS",
     .summary = "Counts the nodes that take a node for failed.",
     .since = "3.0.0",
     .group = Group::Cluster,
     .complexity = "O(N), N being the reports",
     .arity = 3,
     .flags = kAdmin | kStale,
     .args = kNodeArgs,
     .tips = kVaries,
     .history = kClusterCountFailureReportsHistory,
     .run = not_a_node},
    {.name = "COUNTKEYSINSLOT",
     .summary = "Counts the keys of a hash slot.",
     .since = "3.0.0",
     .group = Group::Cluster,
     .complexity = "O(1)",
     .arity = 3,
     .flags = kStale,
     .args = kSlotArgs,
     .run = not_a_node},
    {.name = "DELSLOTS",
     .summary = "Takes hash slots from this node.",
     .since = "3.0.0",
     .group = Group::Cluster,
     .complexity = "O(N), N being the slots",
     .arity = -3,
     .flags = kChanges,
     .args = kSlotsArgs,
     .run = not_a_node},
    {.name = "DELSLOTSRANGE",
     .summary = "Takes ranges of hash slots from this node.",
     .since = "7.0.0",
     .group = Group::Cluster,
     .complexity = "O(N), N being the slots of the ranges",
     .arity = -4,
     .flags = kChanges,
     .args = kSlotRangesArgs,
     .run = not_a_node},
    {.name = "FAILOVER",
     .summary = "Makes this replica take over from its primary.",
     .since = "3.0.0",
     .group = Group::Cluster,
     .complexity = "O(1)",
     .arity = -2,
     .flags = kChanges,
     .args = kClusterFailoverArgs,
     .run = not_a_node},
    {.name = "FLUSHSLOT",
     .summary = "Deletes all keys of a hash slot.",
     .since = "9.0.0",
     .group = Group::Cluster,
     .complexity = "O(N), N being the keys of the slot",
     .arity = -3,
     .flags = kWrite | kAdmin | kNoAsyncLoading,
     .acl = kAclKeyspace,
     .args = kClusterFlushslotArgs,
     .run = not_a_node},
    {.name = "FLUSHSLOTS",
     .summary = "Takes all hash slots from this node.",
     .since = "3.0.0",
     .group = Group::Cluster,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kChanges,
     .run = not_a_node},
    {.name = "FORGET",
     .summary = "Drops a node from those that this one knows.",
     .since = "3.0.0",
     .group = Group::Cluster,
     .complexity = "O(1)",
     .arity = 3,
     .flags = kChanges,
     .args = kNodeArgs,
     .run = not_a_node},
    {.name = "GETKEYSINSLOT",
     .summary = "Lists keys of a hash slot.",
     .since = "3.0.0",
     .group = Group::Cluster,
     .complexity = "O(N) where N is the number of requested keys",
     .arity = 4,
     .flags = kStale,
     .args = kKeysArgs,
     .tips = kVaries,
     .run = not_a_node},
    {.name = "GETSLOTMIGRATIONS",
     .summary = "Lists migrations of slots, under way and past.",
     .since = "9.0.0",
     .group = Group::Cluster,
     .complexity = "O(N), N being the migrations",
     .arity = 2,
     .flags = kChanges,
     .run = not_a_node},
    {.name = "HELP",
     .summary = "Describes the subcommands.",
     .since = "5.0.0",
     .group = Group::Cluster,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kReads,
     .run = not_a_node},
    {.name = "INFO",
     .summary = "Tells how the cluster is, as this node sees it.",
     .since = "3.0.0",
     .group = Group::Cluster,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kReads,
     .tips = kVaries,
     .run = not_a_node},
    {.name = "KEYSLOT",
     .summary = "Computes the hash slot of a key.",
     .since = "3.0.0",
     .group = Group::Cluster,
     .complexity = "O(N) where N is the number of bytes in the key",
     .arity = 3,
     .flags = kStale,
     .args = kKeyArgs,
     .run = keyslot},
    {.name = "LINKS",
     .summary = "Lists the connections to and from other nodes.",
     .since = "7.0.0",
     .group = Group::Cluster,
     .complexity = "O(N) where N is the total number of Cluster nodes",
     .arity = 2,
     .flags = kStale,
     .tips = kVaries,
     .run = not_a_node},
    {.name = "MEET",
     .summary = "Introduces this node to another.",
     .since = "3.0.0",
     .group = Group::Cluster,
     .complexity = "O(1)",
     .arity = -4,
     .flags = kChanges,
     .args = kClusterMeetArgs,
     .history = kClusterMeetHistory,
     .run = not_a_node},
    {.name = "MIGRATESLOTS",
     .summary = "Moves hash slots to other nodes.",
     .since = "9.0.0",
     .group = Group::Cluster,
     .complexity = "O(N), N being the slots of the ranges",
     .arity = -4,
     .flags = kChanges,
     .args = kClusterMigrateslotsArgs,
     .run = not_a_node},
    {.name = "MYID",
     .summary = "Tells the name of this node.",
     .since = "3.0.0",
     .group = Group::Cluster,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kReads,
     .run = not_a_node},
    {.name = "MYSHARDID",
     .summary = "Tells the name of this node's shard.",
     .since = "7.2.0",
     .group = Group::Cluster,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kReads,
     .tips = kVaries,
     .run = not_a_node},
    {.name = "NODES",
     .summary = "Lists the nodes and their slots, as this node knows them.",
     .since = "3.0.0",
     .group = Group::Cluster,
     .complexity = "O(N) where N is the total number of Cluster nodes",
     .arity = 2,
     .flags = kReads,
     .tips = kVaries,
     .run = not_a_node},
    {.name = "REPLICAS",
     .summary = "Lists the replicas of a primary.",
     .since = "5.0.0",
     .group = Group::Cluster,
     .complexity = "O(N) where N is the number of replicas.",
     .arity = 3,
     .flags = kAdmin | kStale,
     .args = kNodeArgs,
     .tips = kVaries,
     .run = not_a_node},
    {.name = "REPLICATE",
     .summary = "Makes this node the replica of a primary, or of none.",
     .since = "3.0.0",
     .group = Group::Cluster,
     .complexity = "O(1)",
     .arity = -3,
     .flags = kChanges,
     .args = kClusterReplicateArgs,
     .history = kClusterReplicateHistory,
     .run = not_a_node},
    {.name = "RESET",
     .summary = "Makes this node forget its cluster.",
     .since = "3.0.0",
     .group = Group::Cluster,
     .complexity = "O(N) where N is the number of known nodes. The command may execute a FLUSHALL "
                   "as a side effect.",
     .arity = -2,
     .flags = kAdmin | kNoScript | kStale,
     .args = kResetArgs,
     .run = not_a_node},
    {.name = "SAVECONFIG",
     .summary = "Writes the configuration of the cluster to disk.",
     .since = "3.0.0",
     .group = Group::Cluster,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kChanges,
     .run = not_a_node},
    {.name = "SET-CONFIG-EPOCH",
     .summary = "Sets the epoch of a new node.",
     .since = "3.0.0",
     .group = Group::Cluster,
     .complexity = "O(1)",
     .arity = 3,
     .flags = kChanges,
     .args = kClusterSetConfigEpochArgs,
     .run = not_a_node},
    {.name = "SETSLOT",
     .summary = "Says who has a hash slot, or where it is going.",
     .since = "3.0.0",
     .group = Group::Cluster,
     .complexity = "O(1)",
     .arity = -4,
     .flags = kChanges,
     .args = kClusterSetslotArgs,
     .history = kClusterSetslotHistory,
     .run = not_a_node},
    {.name = "SHARDS",
     .summary = "Lists the shards with their slots and nodes.",
     .since = "7.0.0",
     .group = Group::Cluster,
     .complexity = "O(N) where N is the total number of cluster nodes",
     .arity = 2,
     .flags = kReads,
     .tips = kVaries,
     .history = kShardsHistory,
     .run = not_a_node},
    {.name = "SLAVES",
     .summary = "Lists the replicas of a primary.",
     .since = "3.0.0",
     .group = Group::Cluster,
     .complexity = "O(N), N being the replicas",
     .arity = 3,
     .flags = kAdmin | kStale,
     .args = kNodeArgs,
     .tips = kVaries,
     .doc_flags = kDeprecated,
     .deprecated_since = "5.0.0",
     .replaced_by = "`CLUSTER REPLICAS`",
     .run = not_a_node},
    {.name = "SLOT-STATS",
     .summary = "Tells how hash slots of this node are used.",
     .since = "8.0.0",
     .group = Group::Cluster,
     .complexity = "O(N), N being the slots; O(N log N) with ORDERBY",
     .arity = -4,
     .flags = kLoading | kStale,
     .args = kClusterSlotStatsArgs,
     .tips = kClusterSlotStatsTips,
     .run = not_a_node},
    {.name = "SLOTS",
     .summary = "Lists the slots with the nodes that serve them.",
     .since = "3.0.0",
     .group = Group::Cluster,
     .complexity = "O(N) where N is the total number of Cluster nodes",
     .arity = 2,
     .flags = kReads,
     .tips = kVaries,
     .history = kSlotsHistory,
     .run = not_a_node},
    {.name = "SYNCSLOTS",
     .summary = "What nodes tell each other while slots move.",
     .since = "9.0.0",
     .group = Group::Cluster,
     .complexity = "Depends on subcommand.",
     .arity = -3,
     .flags = kChanges,
     .doc_flags = kSysCmd,
     .run = not_a_node},
};

constexpr CommandSpec kCommands[] = {
    {.name = "ASKING",
     .summary = "Lets the next command use a slot that is being imported.",
     .since = "3.0.0",
     .group = Group::Cluster,
     .complexity = "O(1)",
     .arity = 1,
     .flags = kFast,
     .acl = kAclConnection,
     .run = not_a_node},
    {.name = "CLUSTER",
     .summary = "Commands on the cluster.",
     .since = "3.0.0",
     .group = Group::Cluster,
     .complexity = "Depends on subcommand.",
     .arity = -2,
     .subcommands = kSubcommands},
    {.name = "CLUSTERSCAN",
     .summary = "Iterates over the keys of a cluster.",
     .since = "9.1.0",
     .group = Group::Cluster,
     .complexity = "O(N), N being the elements returned",
     .arity = -2,
     .flags = kReadOnly,
     .acl = kAclKeyspace,
     .keys = kClusterscanKeys,
     .args = kClusterscanArgs,
     .tips = kClusterscanTips,
     .run = not_a_node},
    {.name = "READONLY",
     .summary = "Lets this connection read from a replica.",
     .since = "3.0.0",
     .group = Group::Cluster,
     .complexity = "O(1)",
     .arity = 1,
     .flags = kLoading | kStale | kFast,
     .acl = kAclConnection,
     .run = read_only},
    {.name = "READWRITE",
     .summary = "Takes READONLY back.",
     .since = "3.0.0",
     .group = Group::Cluster,
     .complexity = "O(1)",
     .arity = 1,
     .flags = kLoading | kStale | kFast,
     .acl = kAclConnection,
     .run = read_write},
};

constexpr ErrorText kNoCluster{"ERR This instance has cluster support disabled"};

Status not_a_node(Call&) {
    return kNoCluster;
}

Status keyslot(Call& call) {
    call.reply().integer(key_slot(call.arg(2)));
    return done();
}

// Without a cluster CLIENT LIST shows it, and no more.
Status read_only(Call& call) {
    call.session().reads_from_replica = true;
    call.reply().ok();
    return done();
}

Status read_write(Call& call) {
    call.session().reads_from_replica = false;
    call.reply().ok();
    return done();
}

}  // namespace

extern const CommandTable kTable{kCommands};

}  // namespace millrace::cluster::commands::cluster
