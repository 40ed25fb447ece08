// SPDX-License-Identifier: BSD-3-Clause
//
// EVAL, EVALSHA, and the two that may only read: running scripts.

#include "base/bytes.h"
#include "engine/command.h"
#include "scripting/script_engine.h"

namespace millrace::scripting::commands::eval {
namespace {

using namespace engine;

uint64_t flags_of_eval(Engine& engine, const Request& request);
uint64_t flags_of_evalsha(Engine& engine, const Request& request);
Status eval(Call& call);
Status evalsha(Call& call);
Status eval_ro(Call& call);
Status evalsha_ro(Call& call);

constexpr KeySpec kEvalKeys[] = {
    {.first = 2,
     .find = KeyFind::KeyNumber,
     .step = 1,
     .number_at = 0,
     .keys_from = 1,
     .flags = kRW | kKeyAccess | kKeyUpdate,
     .notes = "What happens to the keys is up to the script, so anything may."},
};
constexpr Arg kEvalArgs[] = {
    {.name = "script", .type = ArgType::String},
    {.name = "numkeys", .type = ArgType::Integer},
    {.name = "key", .type = ArgType::Key, .key_spec = 0, .flags = kOptional | kMultiple},
    {.name = "arg", .type = ArgType::String, .flags = kOptional | kMultiple},
};
constexpr KeySpec kEvalshaKeys[] = {
    {.first = 2,
     .find = KeyFind::KeyNumber,
     .step = 1,
     .number_at = 0,
     .keys_from = 1,
     .flags = kRW | kKeyAccess | kKeyUpdate},
};
constexpr Arg kEvalshaArgs[] = {
    {.name = "sha1", .type = ArgType::String},
    {.name = "numkeys", .type = ArgType::Integer},
    {.name = "key", .type = ArgType::Key, .key_spec = 0, .flags = kOptional | kMultiple},
    {.name = "arg", .type = ArgType::String, .flags = kOptional | kMultiple},
};
constexpr KeySpec kEvalRoKeys[] = {
    {.first = 2,
     .find = KeyFind::KeyNumber,
     .step = 1,
     .number_at = 0,
     .keys_from = 1,
     .flags = kRO | kKeyAccess,
     .notes = "What happens to the keys is up to the script, which may read them."},
};
constexpr Arg kEvalRoArgs[] = {
    {.name = "script", .type = ArgType::String},
    {.name = "numkeys", .type = ArgType::Integer},
    {.name = "key", .type = ArgType::Key, .key_spec = 0, .flags = kOptional | kMultiple},
    {.name = "arg", .type = ArgType::String, .flags = kOptional | kMultiple},
};
constexpr KeySpec kEvalshaRoKeys[] = {
    {.first = 2,
     .find = KeyFind::KeyNumber,
     .step = 1,
     .number_at = 0,
     .keys_from = 1,
     .flags = kRO | kKeyAccess},
};
constexpr Arg kEvalshaRoArgs[] = {
    {.name = "sha1", .type = ArgType::String},
    {.name = "numkeys", .type = ArgType::Integer},
    {.name = "key", .type = ArgType::Key, .key_spec = 0, .flags = kOptional | kMultiple},
    {.name = "arg", .type = ArgType::String, .flags = kOptional | kMultiple},
};

constexpr CommandSpec kCommands[] = {
    {.name = "EVAL",
     .summary = "Runs a Lua script.",
     .since = "2.6.0",
     .group = Group::Scripting,
     .complexity = "That of what is run.",
     .arity = -3,
     .flags = kNoScript | kStale | kSkipMonitor | kMayReplicate | kNoMandatoryKeys,
     .keys = kEvalKeys,
     .args = kEvalArgs,
     .find_flags = flags_of_eval,
     .run = eval},
    {.name = "EVALSHA",
     .summary = "Runs a cached Lua script, by its SHA-1.",
     .since = "2.6.0",
     .group = Group::Scripting,
     .complexity = "That of what is run.",
     .arity = -3,
     .flags = kNoScript | kStale | kSkipMonitor | kMayReplicate | kNoMandatoryKeys,
     .keys = kEvalshaKeys,
     .args = kEvalshaArgs,
     .find_flags = flags_of_evalsha,
     .run = evalsha},
    {.name = "EVAL_RO",
     .summary = "Runs a Lua script that may only read.",
     .since = "7.0.0",
     .group = Group::Scripting,
     .complexity = "That of what is run.",
     .arity = -3,
     .flags = kReadOnly | kNoScript | kStale | kSkipMonitor | kNoMandatoryKeys,
     .keys = kEvalRoKeys,
     .args = kEvalRoArgs,
     .run = eval_ro},
    {.name = "EVALSHA_RO",
     .summary = "Runs a cached Lua script that may only read, by its SHA-1.",
     .since = "7.0.0",
     .group = Group::Scripting,
     .complexity = "That of what is run.",
     .arity = -3,
     .flags = kReadOnly | kNoScript | kStale | kSkipMonitor | kNoMandatoryKeys,
     .keys = kEvalshaRoKeys,
     .args = kEvalshaRoArgs,
     .run = evalsha_ro},
};

uint64_t flags_of_eval(Engine& engine, const Request& request) {
    return ScriptEngine::of(engine).flags_of_script(*request.command, request.words[1]);
}

uint64_t flags_of_evalsha(Engine& engine, const Request& request) {
    ScriptEngine& scripts = ScriptEngine::of(engine);
    const std::string* body = scripts.body_of(to_lower(request.words[1]));
    return body == nullptr ? request.command->flags()
                           : scripts.flags_of_script(*request.command, *body);
}

Status eval(Call& call) {
    return ScriptEngine::of(call.engine()).evaluate(call, call.arg(1), false);
}

Status eval_ro(Call& call) {
    return ScriptEngine::of(call.engine()).evaluate(call, call.arg(1), true);
}

Status evalsha(Call& call) {
    return ScriptEngine::of(call.engine()).evaluate_known(call, call.arg(1), false);
}

Status evalsha_ro(Call& call) {
    return ScriptEngine::of(call.engine()).evaluate_known(call, call.arg(1), true);
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::scripting::commands::eval
