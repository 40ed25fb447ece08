// SPDX-License-Identifier: BSD-3-Clause
//
// SCRIPT: the cache of scripts, and ending the one that runs.

#include "engine/command.h"
#include "engine/help.h"
#include "scripting/script_engine.h"

namespace millrace::scripting::commands::script {
namespace {

using namespace engine;

Status debug(Call& call);
Status exists(Call& call);
Status flush(Call& call);
Status help(Call& call);
Status kill(Call& call);
Status load(Call& call);
Status show(Call& call);

constexpr Arg kScriptDebugModeArgs[] = {
    {.name = "yes", .type = ArgType::PureToken, .token = "YES"},
    {.name = "sync", .type = ArgType::PureToken, .token = "SYNC"},
    {.name = "no", .type = ArgType::PureToken, .token = "NO"},
};
constexpr Arg kScriptDebugArgs[] = {
    {.name = "mode", .type = ArgType::OneOf, .children = kScriptDebugModeArgs},
    {.name = "engine", .type = ArgType::String, .flags = kOptional, .since = "9.1.0"},
};
constexpr Arg kScriptExistsArgs[] = {
    {.name = "sha1", .type = ArgType::String, .flags = kMultiple},
};
constexpr std::string_view kScriptExistsTips[] = {"request_policy:all_shards",
                                                  "response_policy:agg_logical_and"};
constexpr Arg kScriptFlushFlushTypeArgs[] = {
    {.name = "async", .type = ArgType::PureToken, .token = "ASYNC"},
    {.name = "sync", .type = ArgType::PureToken, .token = "SYNC"},
};
constexpr Arg kScriptFlushArgs[] = {
    {.name = "flush-type",
     .type = ArgType::OneOf,
     .flags = kOptional,
     .children = kScriptFlushFlushTypeArgs,
     .since = "6.2.0"},
};
constexpr std::string_view kScriptFlushTips[] = {"request_policy:all_nodes",
                                                 "response_policy:all_succeeded"};
constexpr HistoryEntry kScriptFlushHistory[] = {
    {"6.2.0", "New options `ASYNC` and `SYNC`."},
};
constexpr std::string_view kScriptKillTips[] = {"request_policy:all_shards",
                                                "response_policy:one_succeeded"};
constexpr Arg kScriptLoadArgs[] = {
    {.name = "script", .type = ArgType::String},
};
constexpr std::string_view kScriptLoadTips[] = {"request_policy:all_nodes",
                                                "response_policy:all_succeeded"};
constexpr Arg kScriptShowArgs[] = {
    {.name = "sha1", .type = ArgType::String},
};

constexpr CommandSpec kScriptSubcommands[] = {
    {.name = "DEBUG",
     .summary = "Chooses how the next scripts are debugged.",
     .since = "3.2.0",
     .group = Group::Scripting,
     .complexity = "O(1)",
     .arity = -3,
     .flags = kNoScript,
     .args = kScriptDebugArgs,
     .run = debug},
    {.name = "EXISTS",
     .summary = "Tells which scripts are in the cache.",
     .since = "2.6.0",
     .group = Group::Scripting,
     .complexity = "O(N), N being the scripts named.",
     .arity = -3,
     .flags = kNoScript | kStale,
     .args = kScriptExistsArgs,
     .tips = kScriptExistsTips,
     .run = exists},
    {.name = "FLUSH",
     .summary = "Empties the cache of scripts.",
     .since = "2.6.0",
     .group = Group::Scripting,
     .complexity = "O(N), N being the scripts in the cache.",
     .arity = -2,
     .flags = kNoScript | kStale,
     .args = kScriptFlushArgs,
     .tips = kScriptFlushTips,
     .history = kScriptFlushHistory,
     .run = flush},
    {.name = "HELP",
     .summary = "Explains the subcommands.",
     .since = "5.0.0",
     .group = Group::Scripting,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kLoading | kStale,
     .run = help},
    {.name = "KILL",
     .summary = "Ends the script that runs.",
     .since = "2.6.0",
     .group = Group::Scripting,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kNoScript | kAllowBusy,
     .tips = kScriptKillTips,
     .run = kill},
    {.name = "LOAD",
     .summary = "Puts a script into the cache without running it.",
     .since = "2.6.0",
     .group = Group::Scripting,
     .complexity = "O(N), N being the bytes of the script.",
     .arity = 3,
     .flags = kNoScript | kStale,
     .args = kScriptLoadArgs,
     .tips = kScriptLoadTips,
     .run = load},
    {.name = "SHOW",
     .summary = "Shows a script of the cache.",
     .since = "8.0.0",
     .group = Group::Scripting,
     .complexity = "O(1).",
     .arity = 3,
     .flags = kNoScript | kStale,
     .args = kScriptShowArgs,
     .run = show},
};

constexpr CommandSpec kCommands[] = {
    {.name = "SCRIPT",
     .summary = "Commands about the cache of scripts.",
     .since = "2.6.0",
     .group = Group::Scripting,
     .complexity = "That of what is run.",
     .arity = -2,
     .subcommands = kScriptSubcommands},
};

constexpr std::string_view kHelp[] = {
    "DEBUG (YES|SYNC|NO) [<engine_name>]",
    "    Choose how the scripts that follow are debugged.",
    "EXISTS <sha1> [<sha1> ...]",
    "    Which of these scripts are in the cache.",
    "FLUSH [ASYNC|SYNC]",
    "    Empty the cache, in the background or at once.",
    "KILL",
    "    End the script that runs, if it has not written anything.",
    "LOAD <script>",
    "    Put a script into the cache without running it.",
    "SHOW <sha1>",
    "    Show a script of the cache.",
};

Status help(Call& call) {
    reply_help(call.reply(), "SCRIPT", kHelp);
    return done();
}

// There is no debugger.
Status debug(Call& call) {
    if (call.arg_is(2, "NO")) {
        call.reply().ok();
        return done();
    }
    if (call.arg_is(2, "YES") || call.arg_is(2, "SYNC")) {
        return ErrorText{"ERR scripts cannot be debugged by this server"};
    }
    return ErrorText{"ERR Use SCRIPT DEBUG YES/SYNC/NO"};
}

Status exists(Call& call) {
    const ScriptEngine& scripts = ScriptEngine::of(call.engine());
    call.reply().array(call.count() - 2);
    for (size_t at = 2; at < call.count(); ++at) {
        call.reply().integer(scripts.exists(call.arg(at)) ? 1 : 0);
    }
    return done();
}

Status flush(Call& call) {
    const bool known = call.count() == 2 ||
                       (call.count() == 3 && (call.arg_is(2, "SYNC") || call.arg_is(2, "ASYNC")));
    if (!known) return ErrorText{"ERR SCRIPT FLUSH only support SYNC|ASYNC option"};
    ScriptEngine::of(call.engine()).flush_scripts();
    call.reply().ok();
    return done();
}

Status kill(Call& call) {
    TRY(ScriptEngine::of(call.engine()).kill(false));
    call.reply().ok();
    return done();
}

Status load(Call& call) {
    const std::string sha = TRY(ScriptEngine::of(call.engine()).load(call.arg(2)));
    call.reply().bulk(sha);
    return done();
}

Status show(Call& call) {
    const std::string* body = ScriptEngine::of(call.engine()).body_of(call.arg(2));
    if (body == nullptr) return ErrorText{"NOSCRIPT No matching script."};
    call.reply().bulk(*body);
    return done();
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::scripting::commands::script
