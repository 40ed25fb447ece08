// SPDX-License-Identifier: BSD-3-Clause
//
// SLOWLOG: the log of slow commands under its old name; see also COMMANDLOG.

#include <fmt/format.h>

#include "admin/command_log_reply.h"
#include "engine/command.h"
#include "engine/help.h"

namespace millrace::admin::commands::slowlog {
namespace {

using namespace engine;

Status get(Call& call);
Status help(Call& call);
Status len(Call& call);
Status reset(Call& call);

constexpr Arg kGetArgs[] = {
    {.name = "count", .type = ArgType::Integer, .flags = kOptional},
};
constexpr std::string_view kGetTips[] = {"request_policy:all_nodes", "nondeterministic_output"};
constexpr HistoryEntry kGetHistory[] = {
    {"4.0.0", "Entries tell address and name of the client."},
};
constexpr std::string_view kLenTips[] = {"request_policy:all_nodes", "response_policy:agg_sum",
                                         "nondeterministic_output"};
constexpr std::string_view kResetTips[] = {"request_policy:all_nodes",
                                           "response_policy:all_succeeded"};

constexpr CommandSpec kSubcommands[] = {
    {.name = "GET",
     .summary = "Shows slow commands, the newest first.",
     .since = "2.2.12",
     .group = Group::Server,
     .complexity = "O(N) where N is the number of entries returned",
     .arity = -2,
     .flags = kAdmin | kLoading | kStale,
     .args = kGetArgs,
     .tips = kGetTips,
     .history = kGetHistory,
     .run = get},
    {.name = "HELP",
     .summary = "Describes the subcommands.",
     .since = "6.2.0",
     .group = Group::Server,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kLoading | kStale,
     .run = help},
    {.name = "LEN",
     .summary = "Counts the entries of the slow log.",
     .since = "2.2.12",
     .group = Group::Server,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kAdmin | kLoading | kStale,
     .tips = kLenTips,
     .run = len},
    {.name = "RESET",
     .summary = "Empties the slow log.",
     .since = "2.2.12",
     .group = Group::Server,
     .complexity = "O(N) where N is the number of entries in the slowlog",
     .arity = 2,
     .flags = kAdmin | kLoading | kStale,
     .tips = kResetTips,
     .run = reset},
};

constexpr CommandSpec kCommands[] = {
    {.name = "SLOWLOG",
     .summary = "Commands on the log of slow commands.",
     .since = "2.2.12",
     .group = Group::Server,
     .complexity = "Depends on subcommand",
     .arity = -2,
     .subcommands = kSubcommands},
};

constexpr int64_t kEntriesShown = 10;

Status get(Call& call) {
    if (call.count() > 3) {
        return Error(
            fmt::format("ERR unknown subcommand or wrong number of arguments for '{}'. "
                        "Try SLOWLOG HELP.",
                        call.arg(1)));
    }
    const int64_t count = call.count() == 3 ? TRY(parse_entry_count(call, 2)) : kEntriesShown;
    reply_entries(call, observe::CommandLogKind::Slow, count);
    return done();
}

Status len(Call& call) {
    const auto& entries = call.engine().command_log().entries(observe::CommandLogKind::Slow);
    call.reply().integer(static_cast<int64_t>(entries.size()));
    return done();
}

Status reset(Call& call) {
    call.engine().command_log().clear(observe::CommandLogKind::Slow);
    call.reply().ok();
    return done();
}

Status help(Call& call) {
    static constexpr std::string_view kLines[] = {
        "GET [<count>]",
        "    Shows the newest entries, 10 unless said, all with -1. Each has:",
        "    an id, Unix time, microseconds, the arguments, address and name of the client.",
        "LEN",
        "    Counts the entries.",
        "RESET",
        "    Removes all entries.",
    };
    reply_help(call.reply(), "SLOWLOG", kLines);
    return done();
}

}  // namespace

extern const CommandTable kTable{kCommands};

}  // namespace millrace::admin::commands::slowlog
