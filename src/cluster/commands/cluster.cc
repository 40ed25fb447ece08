// SPDX-License-Identifier: BSD-3-Clause
//
// CLUSTER, ASKING, READONLY, READWRITE on a server that is no node of a cluster: what does not
// need one works, everything else says so.

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

constexpr CommandSpec kSubcommands[] = {
    {.name = "COUNTKEYSINSLOT",
     .summary = "Counts the keys of a hash slot.",
     .since = "3.0.0",
     .group = Group::Cluster,
     .complexity = "O(1)",
     .arity = 3,
     .flags = kStale,
     .args = kSlotArgs,
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
