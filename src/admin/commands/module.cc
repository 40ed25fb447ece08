// SPDX-License-Identifier: BSD-3-Clause
//
// MODULE: what is built in counts as loaded. Other modules cannot be loaded yet (docs/compat.md).

#include "engine/command.h"
#include "engine/help.h"

namespace millrace::admin::commands::module {
namespace {

using namespace engine;

Status help(Call& call);
Status list(Call& call);

constexpr std::string_view kListTips[] = {"nondeterministic_output_order"};

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
