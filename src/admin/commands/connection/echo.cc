// SPDX-License-Identifier: BSD-3-Clause
//
// PING, ECHO: is anybody there?

#include "engine/command.h"

namespace millrace::admin::commands::connection::echo {
namespace {

using namespace engine;

Status ping(Call& call);
Status echo(Call& call);

constexpr Arg kPingArgs[] = {{.name = "message", .type = ArgType::String, .flags = kOptional}};
constexpr std::string_view kPingTips[] = {
    "request_policy:all_shards",
    "response_policy:all_succeeded",
};
constexpr Arg kEchoArgs[] = {{"message", ArgType::String}};

constexpr CommandSpec kCommands[] = {
    {.name = "PING",
     .summary = "Answers PONG, or its argument.",
     .since = "1.0.0",
     .group = Group::Connection,
     .complexity = "O(1)",
     .arity = -1,
     .flags = kFast | kSentinel | kWhileSubscribed,
     .args = kPingArgs,
     .tips = kPingTips,
     .run = ping},
    {.name = "ECHO",
     .summary = "Returns its argument.",
     .since = "1.0.0",
     .group = Group::Connection,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kLoading | kStale | kFast,
     .args = kEchoArgs,
     .run = echo},
};

Status ping(Call& call) {
    // As much as clients without RESP3 can tell apart from published messages while subscribed.
    const bool as_message = call.session().is(kSubscribed) && call.reply().protocol() == 2;
    if (call.count() > 2) {
        return Error("ERR wrong number of arguments for 'ping' command");
    }
    if (as_message) {
        call.reply().array(2);
        call.reply().bulk("pong");
        call.reply().bulk(call.count() == 2 ? call.arg(1) : "");
    } else if (call.count() == 2) {
        call.reply().bulk(call.arg(1));
    } else {
        call.reply().constant(wire::kPong);
    }
    return done();
}

Status echo(Call& call) {
    call.reply().bulk(call.arg(1));
    return done();
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::admin::commands::connection::echo
