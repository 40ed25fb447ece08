// SPDX-License-Identifier: BSD-3-Clause
//
// MODULE: what is built in counts as loaded. Other modules cannot be loaded yet (docs/compat.md).

#include "admin/local_access.h"
#include "base/log.h"
#include "engine/command.h"
#include "engine/help.h"

namespace millrace::admin::commands::module {
namespace {

using namespace engine;

Status help(Call& call);
Status list(Call& call);
Status load(Call& call);
Status unload(Call& call);

constexpr std::string_view kListTips[] = {"nondeterministic_output_order"};

constexpr Arg kModuleLoadArgs[] = {
    {.name = "path", .type = ArgType::String},
    {.name = "arg", .type = ArgType::String, .flags = kOptional | kMultiple},
};
constexpr Arg kModuleLoadexConfigsArgs[] = {
    {.name = "name", .type = ArgType::String},
    {.name = "value", .type = ArgType::String},
};
constexpr Arg kModuleLoadexArgs[] = {
    {.name = "path", .type = ArgType::String},
    {.name = "configs",
     .type = ArgType::Block,
     .token = "CONFIG",
     .flags = kOptional | kMultiple | kMultipleToken,
     .children = kModuleLoadexConfigsArgs},
    {.name = "args", .type = ArgType::String, .token = "ARGS", .flags = kOptional | kMultiple},
};
constexpr Arg kModuleUnloadArgs[] = {
    {.name = "name", .type = ArgType::String},
};

constexpr CommandSpec kSubcommands[] = {
    {.name = "HELP",
     .summary = "Describes the subcommands.",
     .since = "5.0.0",
     .group = Group::Server,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kLoading | kStale,
     .run = help},
    {.name = "LIST",
     .summary = "Lists the modules.",
     .since = "4.0.0",
     .group = Group::Server,
     .complexity = "O(N) where N is the number of loaded modules.",
     .arity = 2,
     .flags = kAdmin | kNoScript,
     .tips = kListTips,
     .run = list},
    {.name = "LOAD",
     .summary = "Loads a module.",
     .since = "4.0.0",
     .group = Group::Server,
     .complexity = "O(1)",
     .arity = -3,
     .flags = kAdmin | kNoScript | kNoAsyncLoading,
     .args = kModuleLoadArgs,
     .run = load},
    {.name = "LOADEX",
     .summary = "Loads a module with settings.",
     .since = "7.0.0",
     .group = Group::Server,
     .complexity = "O(1)",
     .arity = -3,
     .flags = kAdmin | kNoScript | kNoAsyncLoading,
     .args = kModuleLoadexArgs,
     .run = load},
    {.name = "UNLOAD",
     .summary = "Unloads a module.",
     .since = "4.0.0",
     .group = Group::Server,
     .complexity = "O(1)",
     .arity = 3,
     .flags = kAdmin | kNoScript | kNoAsyncLoading,
     .args = kModuleUnloadArgs,
     .run = unload},
};

constexpr CommandSpec kCommands[] = {
    {.name = "MODULE",
     .summary = "Commands on modules.",
     .since = "4.0.0",
     .group = Group::Server,
     .complexity = "Depends on subcommand.",
     .arity = -2,
     .subcommands = kSubcommands},
};

// Compat: Valkey's Lua is a module that comes with it.
Status list(Call& call) {
    ReplyWriter& reply = call.reply();
    reply.array(1);
    reply.map(4);
    reply.bulk("name");
    reply.bulk("lua");
    reply.bulk("ver");
    reply.integer(1);
    reply.bulk("path");
    reply.bulk("lua");
    reply.bulk("args");
    reply.array(0);
    return done();
}

Status check_allowed(Call& call) {
    if (may_use(call.engine().settings().enable_module_command, call.session())) return done();
    return ErrorText{
        "ERR MODULE command not allowed. If the enable-module-command option is set to \"local\", "
        "you can run it from a local connection, otherwise you need to set this option in the "
        "configuration file, and then restart the server."};
}

Status load(Call& call) {
    TRY(check_allowed(call));
    log_warning("Module {} was not loaded: there is no interface for modules yet", call.arg(2));
    return ErrorText{"ERR Error loading the extension. Please check the server logs."};
}

Status unload(Call& call) {
    TRY(check_allowed(call));
    return ErrorText{"ERR Error unloading module: no such module with that name"};
}

Status help(Call& call) {
    static constexpr std::string_view kLines[] = {
        "LIST",
        "    Show the modules that are there.",
    };
    reply_help(call.reply(), "MODULE", kLines);
    return done();
}

}  // namespace

extern const CommandTable kTable{kCommands};

}  // namespace millrace::admin::commands::module
