// SPDX-License-Identifier: BSD-3-Clause
//
// HOTKEYS: which keys are used most. Plain GET is as in Valkey 9.2; BY is ours.

#include "engine/command.h"
#include "engine/help.h"
#include "engine/hot_keys.h"

namespace millrace::admin::commands::hotkeys {
namespace {

using namespace engine;

Status get(Call& call);
Status help(Call& call);
Status reset(Call& call);

constexpr Arg kMeasureArgs[] = {
    {.name = "calls", .type = ArgType::PureToken, .token = "CALLS"},
    {.name = "cpu", .type = ArgType::PureToken, .token = "CPU"},
    {.name = "read", .type = ArgType::PureToken, .token = "READ"},
    {.name = "written", .type = ArgType::PureToken, .token = "WRITTEN"},
};
constexpr Arg kGetArgs[] = {
    {.name = "measure",
     .type = ArgType::OneOf,
     .token = "BY",
     .flags = kOptional,
     .children = kMeasureArgs},
    {.name = "count", .type = ArgType::Integer, .token = "COUNT", .flags = kOptional},
};

constexpr CommandSpec kSubcommands[] = {
    {.name = "GET",
     .summary = "Shows the keys that were used most in the last complete window.",
     .since = "9.2.0",
     .group = Group::Server,
     .complexity = "O(N) where N is the number of keys returned",
     .arity = -2,
     .flags = kAdmin | kLoading | kStale,
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
    {.name = "RESET",
     .summary = "Forgets what was counted, and begins another window.",
     .since = "9.2.0",
     .group = Group::Server,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kAdmin | kLoading | kStale,
     .run = reset},
};

constexpr CommandSpec kCommands[] = {
    {.name = "HOTKEYS",
     .summary = "Commands on the keys that are used most.",
     .since = "9.2.0",
     .group = Group::Server,
     .complexity = "Depends on subcommand.",
     .arity = -2,
     .subcommands = kSubcommands},
};

// Compat: Valkey 9.2's words.
constexpr ErrorText kDisabled{"ERR Hotkey detection is disabled"};

struct Measure {
    std::string_view word;
    std::string_view field;
    KeyMeasure measure;
    uint64_t unit;  // Of the amounts, in what is shown.
};
constexpr Measure kMeasures[] = {
    {"CALLS", "qps", KeyMeasure::Calls, 1},
    {"CPU", "cpu-us-per-second", KeyMeasure::Time, 1000},
    {"READ", "bytes-read-per-second", KeyMeasure::Read, 1},
    {"WRITTEN", "bytes-written-per-second", KeyMeasure::Written, 1},
};

struct Wanted {
    const Measure* measure = &kMeasures[0];
    bool with_share = false;
    size_t count = HotKeys::kKeysMax;
};

Result<Wanted> parse(const Call& call) {
    Wanted wanted;
    for (size_t at = 2; at < call.count(); at += 2) {
        if (at + 1 == call.count()) return errors::kSyntax;
        if (call.arg_is(at, "COUNT")) {
            wanted.count = static_cast<size_t>(TRY(call.integer(at + 1, 1, HotKeys::kKeysMax)));
            continue;
        }
        if (!call.arg_is(at, "BY")) return errors::kSyntax;
        wanted.measure = nullptr;
        wanted.with_share = true;
        for (const Measure& each : kMeasures) {
            if (call.arg_is(at + 1, each.word)) wanted.measure = &each;
        }
        if (wanted.measure == nullptr) return errors::kSyntax;
    }
    return wanted;
}

Status get(Call& call) {
    HotKeys& keys = call.engine().hot_keys();
    if (!keys.enabled()) return kDisabled;
    const Wanted wanted = TRY(parse(call));
    keys.refresh();
    const auto index = static_cast<size_t>(wanted.measure->measure);
    const uint64_t total = keys.last().total[index];
    ReplyWriter& reply = call.reply();
    const size_t opened = reply.open();
    size_t count = 0;
    for (const HotKeys::Item& each : keys.last().top[index]) {
        if (each.amount == 0 || count == wanted.count) break;
        reply.map(wanted.with_share ? 4 : 3);
        reply.bulk("key");
        reply.bulk(each.key);
        reply.bulk("db");
        reply.integer(each.db);
        reply.bulk(wanted.measure->field);
        reply.integer(static_cast<int64_t>(keys.per_second(each.amount) / wanted.measure->unit));
        if (wanted.with_share) {
            reply.bulk("percent");
            reply.integer(HotKeys::percent(each.amount, total));
        }
        ++count;
    }
    reply.close_array(opened, count);
    return done();
}

Status reset(Call& call) {
    if (!call.engine().hot_keys().enabled()) return kDisabled;
    call.engine().hot_keys().reset();
    call.reply().ok();
    return done();
}

Status help(Call& call) {
    static constexpr std::string_view kLines[] = {
        "GET [BY <CALLS|CPU|READ|WRITTEN>] [COUNT <count>]",
        "    Shows the keys that were used most in the last complete window, estimated from",
        "    samples: by calls, by the time of commands, by bytes read or written; per second.",
        "RESET",
        "    Forgets what was counted, and begins another window.",
    };
    reply_help(call.reply(), "HOTKEYS", kLines);
    return done();
}

}  // namespace

extern const CommandTable kTable{kCommands};

}  // namespace millrace::admin::commands::hotkeys
