// SPDX-License-Identifier: BSD-3-Clause
//
// ROLE of a server without replication: a primary at offset 0 without replicas.

#include "engine/command.h"

namespace millrace::admin::commands::role {
namespace {

using namespace engine;

Status role(Call& call);

constexpr CommandSpec kCommands[] = {
    {.name = "ROLE",
     .summary = "Shows the role of the server in replication.",
     .since = "2.8.12",
     .group = Group::Server,
     .complexity = "O(1)",
     .arity = 1,
     .flags = kNoScript | kLoading | kStale | kFast | kSentinel,
     .acl = kAclAdmin | kAclDangerous,
     .run = role},
};

Status role(Call& call) {
    call.reply().array(3);
    call.reply().bulk("master");
    call.reply().integer(0);
    call.reply().array(0);
    return done();
}

}  // namespace

extern const CommandTable kTable{kCommands};

}  // namespace millrace::admin::commands::role
