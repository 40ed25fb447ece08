// SPDX-License-Identifier: BSD-3-Clause
#include "scripting/api.h"

#include <array>
#include <climits>
#include <cmath>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/numbers.h"
#include "base/sha1.h"
#include "engine/acl/access_control.h"
#include "engine/command_registry.h"
#include "engine/dispatch.h"
#include "engine/errors.h"
#include "engine/memory_limit.h"
#include "scripting/interpreter.h"
#include "scripting/registration.h"
#include "scripting/sandbox.h"
#include "scripting/values.h"

namespace millrace::scripting {
namespace {

using engine::Command;
using engine::ReplyLog;
using engine::ReplyWriter;
using engine::Request;

constexpr int kReplicateNothing = 0;
constexpr int kReplicateToAof = 1;
constexpr int kReplicateToReplicas = 2;
constexpr int kReplicateEverywhere = kReplicateToAof | kReplicateToReplicas;

// --- call and pcall ---

// The words of a command, out of what a script passed.
struct Words {
    std::vector<std::string_view> words;
    std::vector<std::array<char, kDoubleCharsMax>> digits;
};

// Compat: whole numbers without a fraction, others with as many digits as they need; what is no
// number has the sign that the processor gave it.
std::string_view number_text(double number, char* out) {
    if (std::isnan(number) && std::signbit(number)) return "-nan";
    constexpr double kWholeMax = 9007199254740992.0;
    if (std::floor(number) == number && std::fabs(number) <= kWholeMax) {
        return {out, format_integer(out, static_cast<int64_t>(number))};
    }
    return {out, format_double(out, number)};
}

bool collect_words(lua_State* lua, Words& into) {
    const int count = lua_gettop(lua);
    into.words.reserve(static_cast<size_t>(count));
    into.digits.reserve(static_cast<size_t>(count));
    for (int at = 1; at <= count; ++at) {
        if (lua_type(lua, at) == LUA_TNUMBER) {
            into.digits.emplace_back();
            into.words.push_back(number_text(lua_tonumber(lua, at), into.digits.back().data()));
        } else if (lua_type(lua, at) == LUA_TSTRING) {
            into.words.push_back(to_view(lua, at));
        } else {
            return false;
        }
    }
    return true;
}

// The words name a command's subcommand that is not there.
bool lacks_subcommand(const Command* command, std::span<const std::string_view> words) {
    return command != nullptr && !command->spec().subcommands.empty() && words.size() > 1;
}

// Why a script may not run this, or empty. `command` may be null.
std::string_view objection(ScriptRun& run, const Command* command,
                           std::span<const std::string_view> words) {
    if (command == nullptr) return "ERR Unknown command called from script";
    if (!command->arity_matches(words.size())) {
        return "ERR Wrong number of args calling command from script";
    }
    const bool anything = run.call.engine().debug_switches().deny_script_disabled;
    if (command->has(engine::kNoScript) && !anything) {
        return "ERR This Valkey command is not allowed from script";
    }
    if (run.read_only && command->has(engine::kWrite | engine::kMayReplicate)) {
        return "ERR Write commands are not allowed from read-only scripts.";
    }
    engine::Engine& engine = run.call.engine();
    // Compat: a script that has written may finish.
    const bool lacks_memory = engine.memory_limit().out_of_memory();
    if (lacks_memory && command->has(engine::kDenyOom) && run.keeps_dataset && !run.allows_oom) {
        return engine::errors::kOutOfMemory.text;
    }
    if (command->has(engine::kWrite) && (engine.conditions() & engine::kWritesRefused) != 0) {
        return engine.persistence()->write_refusal();
    }
    return {};
}

// Why the user may not do it, or empty.
std::string denial_of(ScriptRun& run, engine::Engine& engine, const Request& request) {
    const engine::acl::Attempt attempt =
        engine.access().attempt_of(request, run.session.database);
    const auto denial = engine.access().refuse(run.session, run.call.session(), attempt,
                                               engine::acl::LogContext::Script);
    return denial ? denial_text(*denial, *run.session.user, attempt) : std::string();
}

void mark_counted(lua_State* lua) {
    lua_pushliteral(lua, "ignore_error_stats_update");
    lua_pushboolean(lua, 1);
    lua_rawset(lua, -3);
}

// Runs the command and pushes its reply; true if it is an error.
bool run_command(lua_State* lua, Interpreter& interpreter,
                 std::span<const std::string_view> words) {
    ScriptRun& run = *interpreter.run();
    engine::Engine& engine = interpreter.engine();
    const Command* command = engine.commands().resolve(words);
    std::string unknown;
    if (lacks_subcommand(command, words)) {
        unknown = engine::unknown_subcommand_text(*command, words[1]);
    }
    const std::string_view refused = unknown.empty() ? objection(run, command, words) : unknown;
    if (!refused.empty()) {
        if (command != nullptr) ++command->statistics().rejected_calls;
        engine.count_error(refused);
        push_error_table(lua, refused);
        mark_counted(lua);
        return true;
    }
    if (command->has(engine::kWrite)) run.keeps_dataset = false;
    Request request;
    request.command = command;
    request.words = words.data();
    request.word_count = static_cast<uint32_t>(words.size());
    const auto key_at = static_cast<size_t>(command->first_key());
    if (key_at > 0 && key_at < words.size()) {
        request.key_hash = engine.keyspace().hash(words[key_at]);
    }
    if (run.session.is(engine::kRestricted)) {
        const std::string denied = denial_of(run, engine, request);
        if (!denied.empty()) {
            ++command->statistics().rejected_calls;
            engine.count_error("NOPERM ");
            push_error_table(lua, "ERR ACL failure in script: " + denied);
            mark_counted(lua);
            return true;
        }
    }
    ReplyLog log;
    ReplyWriter writer(log, engine.keyspace().limbo());
    writer.begin(run.session.slot(), run.session.protocol, false);
    engine.execute_nested(run.session, request, writer);
    const bool failed = push_reply(lua, log, engine.keyspace(), run.session.protocol);
    if (failed) mark_counted(lua);
    return failed;
}

// Pushes what call() and pcall() return; true if it is an error.
bool call_server(lua_State* lua) {
    Interpreter& interpreter = Interpreter::of(lua);
    if (interpreter.run() == nullptr) {
        push_error_table(lua,
                         "ERR server.call/pcall can only be called inside a script invocation");
        return true;
    }
    if (lua_gettop(lua) == 0) {
        push_error_table(lua, "ERR Please specify at least one argument for this call");
        return true;
    }
    Words words;
    if (!collect_words(lua, words)) {
        push_error_table(lua, "ERR Command arguments must be strings or integers");
        return true;
    }
    return run_command(lua, interpreter, words.words);
}

int call(lua_State* lua) {
    if (call_server(lua)) return lua_error(lua);
    return 1;
}

int pcall(lua_State* lua) {
    (void)call_server(lua);
    return 1;
}

// --- the others ---

int raise(lua_State* lua, std::string_view text) {
    push_error_table(lua, text);
    return lua_error(lua);
}

// Compat: a code of one word gets "ERR" before it; a '-' at the front is left out.
int error_reply(lua_State* lua) {
    if (lua_gettop(lua) != 1 || lua_type(lua, 1) != LUA_TSTRING) {
        push_error_table(lua, "ERR wrong number or type of arguments");
        return 1;
    }
    std::string_view text = to_view(lua, 1);
    if (text.starts_with('-')) text.remove_prefix(1);
    const bool has_code = text.find(' ') != std::string_view::npos;
    push_error_table(lua, sanitised(has_code ? std::string(text) : "ERR " + std::string(text)));
    return 1;
}

int status_reply(lua_State* lua) {
    if (lua_gettop(lua) != 1 || lua_type(lua, 1) != LUA_TSTRING) {
        push_error_table(lua, "ERR wrong number or type of arguments");
        return 1;
    }
    lua_createtable(lua, 0, 1);
    lua_pushliteral(lua, "ok");
    lua_pushvalue(lua, 1);
    lua_rawset(lua, -3);
    return 1;
}

int sha1hex(lua_State* lua) {
    if (lua_gettop(lua) != 1) return raise(lua, "ERR wrong number of arguments");
    push_view(lua, hexadecimal(sha1(to_view(lua, 1))));
    return 1;
}

// Compat: a number that is no int is the lowest one, as x86-64 has it and C++ leaves open.
int whole_part(lua_State* lua, int index) {
    const double number = lua_tonumber(lua, index);
    const bool fits = number > INT_MIN - 1.0 && number < INT_MAX + 1.0;
    return fits ? static_cast<int>(number) : INT_MIN;
}

int write_log(lua_State* lua) {
    const int count = lua_gettop(lua);
    if (count < 2) return raise(lua, "ERR server.log() requires two arguments or more.");
    if (lua_isnumber(lua, 1) == 0) {
        return raise(lua, "ERR First argument must be a number (log level).");
    }
    const auto level = whole_part(lua, 1);
    if (level < static_cast<int>(LogLevel::Debug) || level > static_cast<int>(LogLevel::Warning)) {
        return raise(lua, "ERR Invalid log level.");
    }
    std::string text;
    for (int at = 2; at <= count; ++at) {
        if (lua_isstring(lua, at) == 0) continue;
        if (at > 2) text += ' ';
        text += to_view(lua, at);
    }
    log(static_cast<LogLevel>(level), "{}", text);
    return 0;
}

int setresp(lua_State* lua) {
    if (lua_gettop(lua) != 1) return raise(lua, "ERR server.setresp() requires one argument.");
    const auto version = whole_part(lua, 1);
    if (version != 2 && version != 3) return raise(lua, "ERR RESP version must be 2 or 3.");
    if (ScriptRun* run = Interpreter::of(lua).run()) {
        run->session.protocol = static_cast<uint8_t>(version);
    }
    return 0;
}

// Effects are always what is replicated; scripts that say so are told that it is so.
int replicate_commands(lua_State* lua) {
    lua_pushboolean(lua, 1);
    return 1;
}

// Effects for the AOF alone are not told apart from those for all.
int set_repl(lua_State* lua) {
    if (lua_gettop(lua) != 1) return raise(lua, "ERR server.set_repl() requires one argument.");
    const auto flags = whole_part(lua, 1);
    if ((flags & ~kReplicateEverywhere) != 0) {
        return raise(lua,
                     "ERR Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or "
                     "REPL_NONE.");
    }
    engine::Effects& effects = Interpreter::of(lua).engine().effects();
    effects.set_muted(flags == kReplicateNothing);
    effects.set_for_replicas_only(flags == kReplicateToReplicas);
    return 0;
}

// Whether the user may run it; what has too few words to be checked cannot run anyway.
bool may_run(ScriptRun* run, engine::Engine& engine, const Command& command,
             std::span<const std::string_view> words) {
    if (run == nullptr || !run->session.is(engine::kRestricted)) return true;
    if (!command.arity_matches(words.size())) return false;
    const engine::acl::Attempt attempt{.command = command,
                                       .arguments = words,
                                       .database = run->session.database,
                                       .database_count = engine.keyspace().database_count()};
    return !find_denial(*run->session.user, attempt);
}

int acl_check_cmd(lua_State* lua) {
    if (lua_gettop(lua) == 0) {
        return raise(lua, "ERR Please specify at least one argument for this call");
    }
    Words words;
    if (!collect_words(lua, words)) {
        return raise(lua, "ERR Command arguments must be strings or integers");
    }
    Interpreter& interpreter = Interpreter::of(lua);
    engine::Engine& engine = interpreter.engine();
    const Command* command = engine.commands().resolve(words.words);
    if (command == nullptr || lacks_subcommand(command, words.words)) {
        return raise(lua, "ERR Invalid command passed to server.acl_check_cmd()");
    }
    lua_pushboolean(lua, may_run(interpreter.run(), engine, *command, words.words) ? 1 : 0);
    return 1;
}

// No debugger ever listens.
int breakpoint(lua_State* lua) {
    lua_pushboolean(lua, 0);
    return 1;
}

int debug(lua_State*) {
    return 0;
}

constexpr luaL_Reg kFunctions[] = {
    {"call", call},
    {"pcall", pcall},
    {"error_reply", error_reply},
    {"status_reply", status_reply},
    {"sha1hex", sha1hex},
    {"log", write_log},
    {"setresp", setresp},
    {"replicate_commands", replicate_commands},
    {"set_repl", set_repl},
    {"acl_check_cmd", acl_check_cmd},
    {"breakpoint", breakpoint},
    {"debug", debug},
    {nullptr, nullptr},
};

struct Number {
    const char* name;
    int value;
};

// While a library is loaded as well.
constexpr Number kNumbers[] = {
    {"LOG_DEBUG", 0},
    {"LOG_VERBOSE", 1},
    {"LOG_NOTICE", 2},
    {"LOG_WARNING", 3},
    // Compat: the versions that clients are told, 7.2.4 and 9.1.2.
    {"REDIS_VERSION_NUM", 0x00070204},
    {"VALKEY_VERSION_NUM", 0x00090102},
};

constexpr Number kReplicationNumbers[] = {
    {"REPL_NONE", kReplicateNothing},
    {"REPL_AOF", kReplicateToAof},
    {"REPL_REPLICA", kReplicateToReplicas},
    {"REPL_SLAVE", kReplicateToReplicas},
    {"REPL_ALL", kReplicateEverywhere},
};

constexpr struct {
    const char* name;
    const char* value;
} kTexts[] = {
    {"REDIS_VERSION", "7.2.4"},
    {"VALKEY_VERSION", "9.1.2"},
    {"SERVER_NAME", "valkey"},
};

void add_numbers(lua_State* lua, std::span<const Number> numbers) {
    for (const Number& each : numbers) {
        lua_pushinteger(lua, each.value);
        lua_setfield(lua, -2, each.name);
    }
}

void add_constants(lua_State* lua) {
    add_numbers(lua, kNumbers);
    for (const auto& each : kTexts) {
        lua_pushstring(lua, each.value);
        lua_setfield(lua, -2, each.name);
    }
}

}  // namespace

void push_api(lua_State* lua) {
    lua_newtable(lua);
    luaL_register(lua, nullptr, kFunctions);
    add_constants(lua);
    add_numbers(lua, kReplicationNumbers);
}

void push_loading_api(lua_State* lua) {
    lua_newtable(lua);
    lua_pushcfunction(lua, register_function);
    lua_setfield(lua, -2, "register_function");
    lua_pushcfunction(lua, write_log);
    lua_setfield(lua, -2, "log");
    add_constants(lua);
    refuse_missing(lua);
}

}  // namespace millrace::scripting
