// SPDX-License-Identifier: BSD-3-Clause
//
// FAILOVER, REPLICAOF, SLAVEOF: who is primary and who is replica. This server is always a primary
// without replicas.

#include "base/numbers.h"
#include "engine/command.h"

namespace millrace::replication::commands::roles {
namespace {

using namespace engine;

Status failover(Call& call);
Status replicaof(Call& call);

constexpr uint64_t kReplicaofFlags = kAdmin | kNoScript | kStale | kNoAsyncLoading;

constexpr Arg kTargetArgs[] = {
    {"host", ArgType::String},
    {"port", ArgType::Integer},
    {.name = "force", .type = ArgType::PureToken, .token = "FORCE", .flags = kOptional},
};
constexpr Arg kFailoverArgs[] = {
    {.name = "target",
     .type = ArgType::Block,
     .token = "TO",
     .flags = kOptional,
     .children = kTargetArgs},
    {.name = "abort", .type = ArgType::PureToken, .token = "ABORT", .flags = kOptional},
    {.name = "milliseconds", .type = ArgType::Integer, .token = "TIMEOUT", .flags = kOptional},
};
constexpr Arg kHostPortArgs[] = {{"host", ArgType::String}, {"port", ArgType::Integer}};
constexpr Arg kNoOneArgs[] = {
    {.name = "no", .type = ArgType::PureToken, .token = "NO"},
    {.name = "one", .type = ArgType::PureToken, .token = "ONE"},
};
constexpr Arg kReplicaofChoice[] = {
    {.name = "host-port", .type = ArgType::Block, .children = kHostPortArgs},
    {.name = "no-one", .type = ArgType::Block, .children = kNoOneArgs},
};
constexpr Arg kReplicaofArgs[] = {
    {.name = "args", .type = ArgType::OneOf, .children = kReplicaofChoice},
};

constexpr CommandSpec kCommands[] = {
    {.name = "FAILOVER",
     .summary = "Hands the role of primary over to a replica.",
     .since = "6.2.0",
     .group = Group::Server,
     .complexity = "O(1)",
     .arity = -1,
     .flags = kAdmin | kNoScript | kStale,
     .args = kFailoverArgs,
     .run = failover},
    {.name = "REPLICAOF",
     .summary = "Makes this server a replica of another, or a primary.",
     .since = "5.0.0",
     .group = Group::Server,
     .complexity = "O(1)",
     .arity = 3,
     .flags = kReplicaofFlags,
     .args = kReplicaofArgs,
     .run = replicaof},
    {.name = "SLAVEOF",
     .summary = "Makes this server a replica of another, or a primary.",
     .since = "1.0.0",
     .group = Group::Server,
     .complexity = "O(1)",
     .arity = 3,
     .flags = kReplicaofFlags,
     .args = kReplicaofArgs,
     .doc_flags = kDeprecated,
     .deprecated_since = "5.0.0",
     .replaced_by = "`REPLICAOF`",
     .run = replicaof},
};

constexpr ErrorText kNoFailover{"ERR No failover in progress."};
constexpr ErrorText kNoReplicas{"ERR FAILOVER requires connected replicas."};
constexpr ErrorText kBadTimeout{"ERR FAILOVER timeout must be greater than 0"};
constexpr ErrorText kBadPort{"ERR Invalid master port"};
constexpr ErrorText kNoReplication{"ERR This version of Millrace cannot be a replica"};

// Compat: everything is read before it turns out that there is nobody to hand over to.
Status failover(Call& call) {
    if (call.count() == 2 && call.arg_is(1, "ABORT")) return kNoFailover;
    for (size_t at = 1; at < call.count(); ++at) {
        const size_t left = call.count() - at - 1;
        if (call.arg_is(at, "TIMEOUT") && left >= 1) {
            if (TRY(call.integer(++at)) <= 0) return kBadTimeout;
        } else if (call.arg_is(at, "TO") && left >= 2) {
            (void)TRY(call.integer(at + 2));
            at += 2;
        } else if (!call.arg_is(at, "FORCE")) {
            return errors::kSyntax;
        }
    }
    return kNoReplicas;
}

Status replicaof(Call& call) {
    constexpr int64_t kPortMax = 65535;
    if (call.arg_is(1, "NO") && call.arg_is(2, "ONE")) {
        call.reply().ok();
        return done();
    }
    const auto port = parse_integer(call.arg(2));
    if (!port || *port < 0 || *port > kPortMax) return kBadPort;
    return kNoReplication;
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::replication::commands::roles
