// SPDX-License-Identifier: BSD-3-Clause
//
// COMMANDLOG: the logs of slow commands, large requests and large replies.

#include "admin/command_log_reply.h"
#include "engine/command.h"
#include "engine/help.h"

namespace millrace::admin::commands::commandlog {
namespace {

using namespace engine;

Status get(Call& call);
Status help(Call& call);
Status len(Call& call);
Status reset(Call& call);

constexpr Arg kLogTypes[] = {
    {.name = "slow", .type = ArgType::PureToken, .token = "SLOW"},
    {.name = "large-request", .type = ArgType::PureToken, .token = "LARGE-REQUEST"},
    {.name = "large-reply", .type = ArgType::PureToken, .token = "LARGE-REPLY"},
};
constexpr Arg kGetArgs[] = {
    {.name = "count", .type = ArgType::Integer},
    {.name = "type", .type = ArgType::OneOf, .children = kLogTypes},
};
constexpr std::string_view kGetTips[] = {"request_policy:all_nodes", "nondeterministic_output"};
constexpr Arg kLenArgs[] = {
    {.name = "type", .type = ArgType::OneOf, .children = kLogTypes},
};
constexpr std::string_view kLenTips[] = {"request_policy:all_nodes", "response_policy:agg_sum",
                                         "nondeterministic_output"};
constexpr std::string_view kResetTips[] = {"request_policy:all_nodes",
                                           "response_policy:all_succeeded"};

constexpr CommandSpec kSubcommands[] = {
    {.name = "GET",
     .summary = "Shows entries of one log, the newest first.",
     .since = "8.1.0",
     .group = Group::Server,
     .complexity = "O(N) where N is the number of entries returned",
     .arity = 4,
     .flags = kAdmin | kLoading | kStale,
     .args = kGetArgs,
     .tips = kGetTips,
     .run = get},
    {.name = "HELP",
     .summary = "Describes the subcommands.",
     .since = "8.1.0",
     .group = Group::Server,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kLoading | kStale,
     .run = help},
    {.name = "LEN",
     .summary = "Counts the entries of one log.",
     .since = "8.1.0",
     .group = Group::Server,
     .complexity = "O(1)",
     .arity = 3,
     .flags = kAdmin | kLoading | kStale,
     .args = kLenArgs,
     .tips = kLenTips,
     .run = len},
    {.name = "RESET",
     .summary = "Empties one log.",
     .since = "8.1.0",
     .group = Group::Server,
     .complexity = "O(N) where N is the number of entries in the commandlog",
     .arity = 3,
     .flags = kAdmin | kLoading | kStale,
     .args = kLenArgs,
     .tips = kResetTips,
     .run = reset},
};

constexpr CommandSpec kCommands[] = {
    {.name = "COMMANDLOG",
     .summary = "Commands on the logs of slow and of large commands.",
     .since = "8.1.0",
     .group = Group::Server,
     .complexity = "Depends on subcommand",
     .arity = -2,
     .subcommands = kSubcommands},
};

Status get(Call& call) {
    const int64_t count = TRY(parse_entry_count(call, 2));
    reply_entries(call, TRY(parse_log_kind(call, 3)), count);
    return done();
}

Status len(Call& call) {
    const auto& entries = call.engine().command_log().entries(TRY(parse_log_kind(call, 2)));
    call.reply().integer(static_cast<int64_t>(entries.size()));
    return done();
}

Status reset(Call& call) {
    call.engine().command_log().clear(TRY(parse_log_kind(call, 2)));
    call.reply().ok();
    return done();
}

Status help(Call& call) {
    static constexpr std::string_view kLines[] = {
        "GET <count> <type>",
        "    Shows the newest entries of a log, all with -1. Each has:",
        "    an id, Unix time, microseconds (type slow) or bytes (types large-request and",
        "    large-reply), the arguments, address and name of the client.",
        "LEN <type>",
        "    Counts the entries of a log.",
        "RESET <type>",
        "    Removes all entries of a log.",
    };
    reply_help(call.reply(), "COMMANDLOG", kLines);
    return done();
}

}  // namespace

extern const CommandTable kTable{kCommands};

}  // namespace millrace::admin::commands::commandlog
