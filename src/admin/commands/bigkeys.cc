// SPDX-License-Identifier: BSD-3-Clause
//
// BIGKEYS: which keys take most memory.

#include "engine/command.h"
#include "engine/help.h"
#include "engine/hot_keys.h"

namespace millrace::admin::commands::bigkeys {
namespace {

using namespace engine;
using keyspace::BigKeys;

Status get(Call& call);
Status help(Call& call);
Status refresh(Call& call);

constexpr Arg kGetArgs[] = {
    {.name = "count", .type = ArgType::Integer, .token = "COUNT", .flags = kOptional},
};

constexpr CommandSpec kSubcommands[] = {
    {.name = "GET",
     .summary = "Shows the keys that take most memory.",
     .since = "9.2.0",
     .group = Group::Server,
     .complexity = "O(N) where N is the number of keys returned",
     .arity = -2,
     .flags = kAdmin,
     .args = kGetArgs,
     .run = get},
    {.name = "HELP",
     .summary = "Describes the subcommands.",
     .since = "9.2.0",
     .group = Group::Server,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kLoading | kStale,
     .run = help},
    {.name = "REFRESH",
     .summary = "Looks at all keys now instead of by and by.",
     .since = "9.2.0",
     .group = Group::Server,
     .complexity = "O(N) where N is the number of keys in all databases",
     .arity = 2,
     .flags = kAdmin,
     .run = refresh},
};

constexpr CommandSpec kCommands[] = {
    {.name = "BIGKEYS",
     .summary = "Commands on the keys that take most memory.",
     .since = "9.2.0",
     .group = Group::Server,
     .complexity = "Depends on subcommand.",
     .arity = -2,
     .subcommands = kSubcommands},
};

constexpr int64_t kCountUsual = 16;

Status get(Call& call) {
    if (call.count() != 2 && (call.count() != 4 || !call.arg_is(2, "COUNT"))) {
        return errors::kSyntax;
    }
    const int64_t count =
        call.count() == 4 ? TRY(call.integer(3, 1, BigKeys::kKeysMax)) : kCountUsual;
    const auto keys = call.engine().hot_keys().big_keys().top(static_cast<size_t>(count));
    ReplyWriter& reply = call.reply();
    reply.array(keys.size());
    for (const BigKeys::Item& each : keys) {
        reply.map(5);
        reply.bulk("key");
        reply.bulk(each.key);
        reply.bulk("db");
        reply.integer(each.db);
        reply.bulk("type");
        reply.bulk(type_name(each.entry->type()));
        reply.bulk("bytes");
        reply.integer(static_cast<int64_t>(each.bytes));
        reply.bulk("length");
        reply.integer(static_cast<int64_t>(each.elements));
    }
    return done();
}

Status refresh(Call& call) {
    call.engine().hot_keys().big_keys().walk_all();
    call.reply().ok();
    return done();
}

Status help(Call& call) {
    static constexpr std::string_view kLines[] = {
        "GET [COUNT <count>]",
        "    Shows the keys that take most memory, 16 unless said. They are found by looking at",
        "    all keys by and by, which takes minutes where there are millions. Each has:",
        "    key, database, type, bytes as in MEMORY USAGE, elements or bytes of the string.",
        "REFRESH",
        "    Looks at all keys now; nobody else is served meanwhile.",
    };
    reply_help(call.reply(), "BIGKEYS", kLines);
    return done();
}

}  // namespace

extern const CommandTable kTable{kCommands};

}  // namespace millrace::admin::commands::bigkeys
