// SPDX-License-Identifier: BSD-3-Clause
//
// FUNCTION, FCALL, FCALL_RO: libraries of functions.

#include <string>

#include "base/glob.h"
#include "base/token.h"
#include "engine/command.h"
#include "engine/help.h"
#include "scripting/library_payload.h"
#include "scripting/script_engine.h"

namespace millrace::scripting::commands::function {
namespace {

using namespace engine;

uint64_t flags_of_fcall(Engine& engine, const Request& request);
Status fcall(Call& call);
Status fcall_ro(Call& call);
Status delete_library(Call& call);
Status dump(Call& call);
Status flush(Call& call);
Status help(Call& call);
Status kill(Call& call);
Status list(Call& call);
Status load(Call& call);
Status restore(Call& call);
Status stats(Call& call);

constexpr KeySpec kFcallKeys[] = {
    {.first = 2,
     .find = KeyFind::KeyNumber,
     .step = 1,
     .number_at = 0,
     .keys_from = 1,
     .flags = kRW | kKeyAccess | kKeyUpdate,
     .notes = "What happens to the keys is up to the script, so anything may."},
};
constexpr Arg kFcallArgs[] = {
    {.name = "function", .type = ArgType::String},
    {.name = "numkeys", .type = ArgType::Integer},
    {.name = "key", .type = ArgType::Key, .key_spec = 0, .flags = kOptional | kMultiple},
    {.name = "arg", .type = ArgType::String, .flags = kOptional | kMultiple},
};
constexpr KeySpec kFcallRoKeys[] = {
    {.first = 2,
     .find = KeyFind::KeyNumber,
     .step = 1,
     .number_at = 0,
     .keys_from = 1,
     .flags = kRO | kKeyAccess,
     .notes = "What happens to the keys is up to the script, which may read them."},
};
constexpr Arg kFcallRoArgs[] = {
    {.name = "function", .type = ArgType::String},
    {.name = "numkeys", .type = ArgType::Integer},
    {.name = "key", .type = ArgType::Key, .key_spec = 0, .flags = kOptional | kMultiple},
    {.name = "arg", .type = ArgType::String, .flags = kOptional | kMultiple},
};
constexpr Arg kFunctionDeleteArgs[] = {
    {.name = "library-name", .type = ArgType::String},
};
constexpr std::string_view kFunctionDeleteTips[] = {"request_policy:all_shards",
                                                    "response_policy:all_succeeded"};
constexpr Arg kFunctionFlushFlushTypeArgs[] = {
    {.name = "async", .type = ArgType::PureToken, .token = "ASYNC"},
    {.name = "sync", .type = ArgType::PureToken, .token = "SYNC"},
};
constexpr Arg kFunctionFlushArgs[] = {
    {.name = "flush-type",
     .type = ArgType::OneOf,
     .flags = kOptional,
     .children = kFunctionFlushFlushTypeArgs},
};
constexpr std::string_view kFunctionFlushTips[] = {"request_policy:all_shards",
                                                   "response_policy:all_succeeded"};
constexpr std::string_view kFunctionKillTips[] = {"request_policy:all_shards",
                                                  "response_policy:one_succeeded"};
constexpr Arg kFunctionListArgs[] = {
    {.name = "library-name-pattern",
     .type = ArgType::String,
     .token = "LIBRARYNAME",
     .flags = kOptional},
    {.name = "withcode", .type = ArgType::PureToken, .token = "WITHCODE", .flags = kOptional},
};
constexpr std::string_view kFunctionListTips[] = {"nondeterministic_output_order"};
constexpr Arg kFunctionLoadArgs[] = {
    {.name = "replace", .type = ArgType::PureToken, .token = "REPLACE", .flags = kOptional},
    {.name = "function-code", .type = ArgType::String},
};
constexpr std::string_view kFunctionLoadTips[] = {"request_policy:all_shards",
                                                  "response_policy:all_succeeded"};
constexpr Arg kFunctionRestorePolicyArgs[] = {
    {.name = "flush", .type = ArgType::PureToken, .token = "FLUSH"},
    {.name = "append", .type = ArgType::PureToken, .token = "APPEND"},
    {.name = "replace", .type = ArgType::PureToken, .token = "REPLACE"},
};
constexpr Arg kFunctionRestoreArgs[] = {
    {.name = "serialized-value", .type = ArgType::String},
    {.name = "policy",
     .type = ArgType::OneOf,
     .flags = kOptional,
     .children = kFunctionRestorePolicyArgs},
};
constexpr std::string_view kFunctionRestoreTips[] = {"request_policy:all_shards",
                                                     "response_policy:all_succeeded"};
constexpr std::string_view kFunctionStatsTips[] = {
    "nondeterministic_output", "request_policy:all_shards", "response_policy:special"};

constexpr CommandSpec kFunctionSubcommands[] = {
    {.name = "DELETE",
     .summary = "Deletes a library with its functions.",
     .since = "7.0.0",
     .group = Group::Scripting,
     .complexity = "O(1)",
     .arity = 3,
     .flags = kWrite | kNoScript,
     .args = kFunctionDeleteArgs,
     .tips = kFunctionDeleteTips,
     .run = delete_library},
    {.name = "DUMP",
     .summary = "Shows all libraries in the form that FUNCTION RESTORE takes.",
     .since = "7.0.0",
     .group = Group::Scripting,
     .complexity = "O(N), N being the libraries.",
     .arity = 2,
     .flags = kNoScript,
     .run = dump},
    {.name = "FLUSH",
     .summary = "Deletes all libraries.",
     .since = "7.0.0",
     .group = Group::Scripting,
     .complexity = "O(N), N being the functions.",
     .arity = -2,
     .flags = kWrite | kNoScript,
     .args = kFunctionFlushArgs,
     .tips = kFunctionFlushTips,
     .run = flush},
    {.name = "HELP",
     .summary = "Explains the subcommands.",
     .since = "7.0.0",
     .group = Group::Scripting,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kLoading | kStale,
     .run = help},
    {.name = "KILL",
     .summary = "Ends the function that runs.",
     .since = "7.0.0",
     .group = Group::Scripting,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kNoScript | kAllowBusy,
     .tips = kFunctionKillTips,
     .run = kill},
    {.name = "LIST",
     .summary = "Describes the libraries.",
     .since = "7.0.0",
     .group = Group::Scripting,
     .complexity = "O(N), N being the functions.",
     .arity = -2,
     .flags = kNoScript,
     .args = kFunctionListArgs,
     .tips = kFunctionListTips,
     .run = list},
    {.name = "LOAD",
     .summary = "Creates a library.",
     .since = "7.0.0",
     .group = Group::Scripting,
     .complexity = "O(1), compiling left aside.",
     .arity = -3,
     .flags = kWrite | kDenyOom | kNoScript,
     .args = kFunctionLoadArgs,
     .tips = kFunctionLoadTips,
     .run = load},
    {.name = "RESTORE",
     .summary = "Creates the libraries that FUNCTION DUMP has shown.",
     .since = "7.0.0",
     .group = Group::Scripting,
     .complexity = "O(N), N being the libraries.",
     .arity = -3,
     .flags = kWrite | kDenyOom | kNoScript,
     .args = kFunctionRestoreArgs,
     .tips = kFunctionRestoreTips,
     .run = restore},
    {.name = "STATS",
     .summary = "Tells which function runs, and what there is.",
     .since = "7.0.0",
     .group = Group::Scripting,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kNoScript | kAllowBusy,
     .tips = kFunctionStatsTips,
     .run = stats},
};

constexpr CommandSpec kCommands[] = {
    {.name = "FCALL",
     .summary = "Calls a function.",
     .since = "7.0.0",
     .group = Group::Scripting,
     .complexity = "That of what is run.",
     .arity = -3,
     .flags = kNoScript | kStale | kSkipMonitor | kMayReplicate | kNoMandatoryKeys,
     .keys = kFcallKeys,
     .args = kFcallArgs,
     .find_flags = flags_of_fcall,
     .run = fcall},
    {.name = "FCALL_RO",
     .summary = "Calls a function that may only read.",
     .since = "7.0.0",
     .group = Group::Scripting,
     .complexity = "That of what is run.",
     .arity = -3,
     .flags = kReadOnly | kNoScript | kStale | kSkipMonitor | kNoMandatoryKeys,
     .keys = kFcallRoKeys,
     .args = kFcallRoArgs,
     .run = fcall_ro},
    {.name = "FUNCTION",
     .summary = "Commands about libraries of functions.",
     .since = "7.0.0",
     .group = Group::Scripting,
     .complexity = "That of what is run.",
     .arity = -2,
     .subcommands = kFunctionSubcommands},
};

constexpr std::string_view kHelp[] = {
    "DELETE <library name>",
    "    Delete a library.",
    "DUMP",
    "    Show all libraries as bytes that FUNCTION RESTORE takes.",
    "FLUSH [ASYNC|SYNC]",
    "    Delete all libraries, in the background or at once.",
    "KILL",
    "    End the function that runs, if it has not written anything.",
    "LIST [LIBRARYNAME <pattern>] [WITHCODE]",
    "    Describe the libraries, all or those that match, with their code if wanted.",
    "LOAD [REPLACE] <library code>",
    "    Create a library, in the place of the one of its name if wanted.",
    "RESTORE <payload> [FLUSH|APPEND|REPLACE]",
    "    Create the libraries of a dump: in the place of all, besides those that are there (the",
    "    default; one of the same name is an error), or in the place of those of the same name.",
    "STATS",
    "    What runs, and how many libraries and functions there are.",
};

Status help(Call& call) {
    reply_help(call.reply(), "FUNCTION", kHelp);
    return done();
}

uint64_t flags_of_fcall(Engine& engine, const Request& request) {
    return ScriptEngine::of(engine).flags_of_function(*request.command, request.words[1]);
}

Status fcall(Call& call) {
    return ScriptEngine::of(call.engine()).call_function(call, false);
}

Status fcall_ro(Call& call) {
    return ScriptEngine::of(call.engine()).call_function(call, true);
}

Status delete_library(Call& call) {
    if (!ScriptEngine::of(call.engine()).delete_library(call.arg(2))) {
        return ErrorText{"ERR Library not found"};
    }
    call.engine().mark_dirty();
    call.reply().ok();
    return done();
}

// Compat: too many words read like an unknown subcommand.
Error too_many(const Call& call) {
    return Error("ERR unknown subcommand or wrong number of arguments for '" +
                 std::string(until_zero(call.arg(1))) + "'. Try FUNCTION HELP.");
}

Status flush(Call& call) {
    if (call.count() > 3) return too_many(call);
    const bool known = call.count() == 2 ||
                       (call.count() == 3 && (call.arg_is(2, "SYNC") || call.arg_is(2, "ASYNC")));
    if (!known) return ErrorText{"ERR FUNCTION FLUSH only supports SYNC|ASYNC option"};
    ScriptEngine::of(call.engine()).flush_libraries();
    call.engine().mark_dirty();
    call.reply().ok();
    return done();
}

Status kill(Call& call) {
    TRY(ScriptEngine::of(call.engine()).kill(true));
    call.reply().ok();
    return done();
}

Status load(Call& call) {
    bool replace = false;
    size_t at = 2;
    for (; at + 1 < call.count(); ++at) {
        if (!call.arg_is(at, "REPLACE")) {
            return Error("ERR Unknown option given: " + std::string(until_zero(call.arg(at))));
        }
        replace = true;
    }
    const std::string name =
        TRY(ScriptEngine::of(call.engine()).load_library(call.arg(at), replace));
    call.engine().mark_dirty();
    call.reply().bulk(name);
    return done();
}

Status dump(Call& call) {
    const PersistenceControl* persistence = call.engine().persistence();
    const bool compress = persistence == nullptr || persistence->compresses();
    call.reply().bulk(dump_libraries(ScriptEngine::of(call.engine()), compress));
    return done();
}

Status restore(Call& call) {
    if (call.count() > 4) return too_many(call);
    RestorePolicy policy = RestorePolicy::Append;
    if (call.count() == 4) {
        if (call.arg_is(3, "FLUSH")) {
            policy = RestorePolicy::Flush;
        } else if (call.arg_is(3, "REPLACE")) {
            policy = RestorePolicy::Replace;
        } else if (!call.arg_is(3, "APPEND")) {
            return ErrorText{
                "ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE."};
        }
    }
    const PersistenceControl* persistence = call.engine().persistence();
    TRY(restore_libraries(
        call.engine(), call.arg(2), policy,
        {.is_relaxed = persistence != nullptr && persistence->takes_foreign_versions(),
         .verify_checksum = !call.engine().debug_switches().skip_checksum_validation}));
    call.engine().mark_dirty();
    call.reply().ok();
    return done();
}

void describe(ReplyWriter& reply, const Function& function) {
    reply.map(3);
    reply.bulk("name");
    reply.bulk(function.name);
    reply.bulk("description");
    if (function.has_description) {
        reply.bulk(function.description);
    } else {
        reply.null();
    }
    reply.bulk("flags");
    size_t count = 0;
    for (const FlagName& each : kFlagNames) count += (function.flags & each.flag) != 0;
    reply.set(count);
    for (const FlagName& each : kFlagNames) {
        if ((function.flags & each.flag) != 0) reply.simple(each.name);
    }
}

void describe(ReplyWriter& reply, const Library& library, bool with_code) {
    reply.map(with_code ? 4 : 3);
    reply.bulk("library_name");
    reply.bulk(library.name);
    reply.bulk("engine");
    reply.bulk("LUA");
    reply.bulk("functions");
    reply.array(library.functions.size());
    for (const Function& each : library.functions) describe(reply, each);
    if (!with_code) return;
    reply.bulk("library_code");
    reply.bulk(library.code);
}

Status list(Call& call) {
    bool with_code = false;
    const std::string_view* pattern = nullptr;
    std::string_view given;
    for (size_t at = 2; at < call.count(); ++at) {
        if (!with_code && call.arg_is(at, "WITHCODE")) {
            with_code = true;
        } else if (pattern == nullptr && call.arg_is(at, "LIBRARYNAME")) {
            if (at + 1 >= call.count()) {
                return ErrorText{"ERR library name argument was not given"};
            }
            given = call.arg(++at);
            pattern = &given;
        } else {
            return Error("ERR Unknown argument " + std::string(until_zero(call.arg(at))));
        }
    }
    const auto matches = [&](std::string_view name) {
        return pattern == nullptr || *pattern == "*" || glob_match(*pattern, name, true);
    };
    const auto& libraries = ScriptEngine::of(call.engine()).libraries();
    size_t count = 0;
    for (const auto& [name, library] : libraries) count += matches(name);
    call.reply().array(count);
    for (const auto& [name, library] : libraries) {
        if (matches(name)) describe(call.reply(), library, with_code);
    }
    return done();
}

void write_running(ReplyWriter& reply, const ScriptEngine& scripts) {
    const ScriptRun* run = scripts.running();
    if (run == nullptr || !scripts.running_function()) {
        reply.null();
        return;
    }
    reply.map(3);
    reply.bulk("name");
    reply.bulk(run->name);
    reply.bulk("command");
    const auto words = run->call.arguments();
    reply.array(words.size());
    for (const std::string_view word : words) reply.bulk(word);
    reply.bulk("duration_ms");
    reply.integer(scripts.running_milliseconds());
}

Status stats(Call& call) {
    const ScriptEngine& scripts = ScriptEngine::of(call.engine());
    ReplyWriter& reply = call.reply();
    reply.map(2);
    reply.bulk("running_script");
    write_running(reply, scripts);
    reply.bulk("engines");
    reply.map(1);
    reply.bulk("LUA");
    reply.map(2);
    reply.bulk("libraries_count");
    reply.integer(static_cast<int64_t>(scripts.libraries().size()));
    reply.bulk("functions_count");
    reply.integer(static_cast<int64_t>(scripts.function_count()));
    return done();
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::scripting::commands::function
