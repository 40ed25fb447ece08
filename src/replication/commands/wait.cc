// SPDX-License-Identifier: BSD-3-Clause
//
// WAIT: until replicas have what the client wrote. There are no replicas yet, so whoever waits for
// some waits until the time is over.

#include "base/numbers.h"
#include "engine/blocking.h"
#include "engine/command.h"

namespace millrace::replication::commands::wait {
namespace {

using namespace engine;

Status wait(Call& call);

constexpr Arg kWaitArgs[] = {{"numreplicas", ArgType::Integer}, {"timeout", ArgType::Integer}};
constexpr std::string_view kWaitTips[] = {"request_policy:all_shards", "response_policy:agg_min"};

constexpr CommandSpec kCommands[] = {
    {.name = "WAIT",
     .summary = "Waits until replicas have what the client wrote.",
     .since = "3.0.0",
     .group = Group::Generic,
     .complexity = "O(1)",
     .arity = 3,
     .flags = kBlocking,
     .acl = kAclConnection,
     .args = kWaitArgs,
     .tips = kWaitTips,
     .run = wait},
};

void reply_none(ReplyWriter& reply) {
    reply.integer(0);
}

Status wait(Call& call) {
    const int64_t wanted = TRY(call.integer(1));
    const int64_t deadline_ms = TRY(deadline_in_milliseconds(call, 2));
    if (wanted <= 0) {
        call.reply().integer(0);
        return done();
    }
    return call.block_on(
        {.deadline_ms = deadline_ms, .timed_out = reply_none, .not_allowed = reply_none});
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::replication::commands::wait
