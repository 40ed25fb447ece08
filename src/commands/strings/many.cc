// SPDX-License-Identifier: BSD-3-Clause
//
// MGET, MSET, MSETNX, MSETEX: several strings at one moment.

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "commands/support/strings.h"
#include "commands/support/text.h"
#include "engine/command.h"
#include "engine/command_registry.h"

namespace millrace::commands::strings::many {
namespace {

using namespace engine;
using namespace support;
using keyspace::Entry;
using Condition = WriteOptions::Condition;
using Expiry = WriteOptions::Expiry;

Status mget(Call& call);
Status mset(Call& call);
Status msetnx(Call& call);
Status msetex(Call& call);

constexpr KeySpec kMgetKeys[] = {{.first = 1, .last = -1, .flags = kRO | kKeyAccess}};
constexpr Arg kMgetArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0, .flags = kMultiple},
};
constexpr std::string_view kMgetTips[] = {"request_policy:multi_shard"};
constexpr KeySpec kMsetKeys[] = {{.first = 1, .last = -1, .step = 2, .flags = kOW | kKeyUpdate}};
constexpr Arg kMsetDataArgs[] = {{"key", ArgType::Key, 0}, {"value", ArgType::String}};
constexpr Arg kMsetArgs[] = {
    {.name = "data", .type = ArgType::Block, .flags = kMultiple, .children = kMsetDataArgs},
};
constexpr std::string_view kMsetTips[] = {
    "request_policy:multi_shard",
    "response_policy:all_succeeded",
};
constexpr KeySpec kMsetnxKeys[] = {{.first = 1, .last = -1, .step = 2, .flags = kOW | kKeyInsert}};
constexpr KeySpec kMsetexKeys[] = {
    {.first = 1,
     .find = KeyFind::KeyNumber,
     .step = 2,
     .number_at = 0,
     .keys_from = 1,
     .flags = kOW | kKeyUpdate},
};
constexpr Arg kMsetexConditionArgs[] = {
    {.name = "nx", .type = ArgType::PureToken, .token = "NX"},
    {.name = "xx", .type = ArgType::PureToken, .token = "XX"},
};
constexpr Arg kMsetexExpirationArgs[] = {
    {.name = "seconds", .type = ArgType::Integer, .token = "EX"},
    {.name = "milliseconds", .type = ArgType::Integer, .token = "PX"},
    {.name = "unix-time-seconds", .type = ArgType::UnixTime, .token = "EXAT"},
    {.name = "unix-time-milliseconds", .type = ArgType::UnixTime, .token = "PXAT"},
    {.name = "keepttl", .type = ArgType::PureToken, .token = "KEEPTTL"},
};
constexpr Arg kMsetexArgs[] = {
    {"numkeys", ArgType::Integer},
    {.name = "data", .type = ArgType::Block, .flags = kMultiple, .children = kMsetDataArgs},
    {.name = "condition",
     .type = ArgType::OneOf,
     .flags = kOptional,
     .children = kMsetexConditionArgs},
    {.name = "expiration",
     .type = ArgType::OneOf,
     .flags = kOptional,
     .children = kMsetexExpirationArgs},
};

constexpr CommandSpec kCommands[] = {
    {.name = "MGET",
     .summary = "Gets the strings of several keys at one moment.",
     .since = "1.0.0",
     .group = Group::String,
     .complexity = "O(N), N being the keys to get.",
     .arity = -2,
     .flags = kReadOnly | kFast,
     .keys = kMgetKeys,
     .args = kMgetArgs,
     .tips = kMgetTips,
     .run = mget},
    {.name = "MSET",
     .summary = "Sets the strings of several keys at one moment.",
     .since = "1.0.1",
     .group = Group::String,
     .complexity = "O(N), N being the keys to set.",
     .arity = -3,
     .flags = kWrite | kDenyOom,
     .keys = kMsetKeys,
     .args = kMsetArgs,
     .tips = kMsetTips,
     .run = mset},
    {.name = "MSETNX",
     .summary = "Sets the strings of several keys at one moment, if none of them exists.",
     .since = "1.0.1",
     .group = Group::String,
     .complexity = "O(N), N being the keys to set.",
     .arity = -3,
     .flags = kWrite | kDenyOom,
     .keys = kMsetnxKeys,
     .args = kMsetArgs,
     .run = msetnx},
    {.name = "MSETEX",
     .summary = "Sets the strings of several keys at one moment, with an expiry and a condition "
                "for all of them if wanted.",
     .since = "9.1.0",
     .group = Group::String,
     .complexity = "O(N), N being the keys to set.",
     .arity = -4,
     .flags = kWrite | kDenyOom,
     .keys = kMsetexKeys,
     .args = kMsetexArgs,
     .tips = kMsetTips,
     .run = msetex},
};

constexpr ErrorText kBadKeyNumber{"ERR invalid numkeys value or out of range"};

// Keys and values in turns: arguments [from, end).
struct Pairs {
    size_t from;
    size_t end;
};

Result<Pairs> all_pairs(const Call& call) {
    if (call.count() % 2 == 0) {
        return Error("ERR wrong number of arguments for '" + call.command().full_name() +
                     "' command");
    }
    return Pairs{1, call.count()};
}

bool holds_for_all(Call& call, Pairs pairs, Condition condition) {
    if (condition == Condition::None) return true;
    for (size_t at = pairs.from; at < pairs.end; at += 2) {
        const bool exists = call.peek(at) != nullptr;
        if (exists != (condition == Condition::Exists)) return false;
    }
    return true;
}

void write_all(Call& call, Pairs pairs, const WriteOptions& options) {
    for (size_t at = pairs.from; at < pairs.end; at += 2) {
        KeyEdit edit = call.edit(at);
        write_string(call, edit, at, at + 1, options);
    }
}

Status mget(Call& call) {
    call.reply().array(call.count() - 1);
    for (size_t at = 1; at < call.count(); ++at) {
        Entry* entry = call.find(at);
        // Compat: a key of another type is answered as if it were missing.
        reply_string(call, entry != nullptr && entry->is_string() ? entry : nullptr);
    }
    return done();
}

Status mset(Call& call) {
    write_all(call, TRY(all_pairs(call)), {});
    call.reply().ok();
    return done();
}

Status msetnx(Call& call) {
    const Pairs pairs = TRY(all_pairs(call));
    const bool holds = holds_for_all(call, pairs, Condition::Missing);
    if (holds) write_all(call, pairs, {});
    call.reply().integer(holds ? 1 : 0);
    return done();
}

// A relative expiry is propagated as a moment, in its place.
void propagate(Call& call, size_t options_from, const WriteOptions& options) {
    if (!call.propagates() || options.expiry != Expiry::Set) return;
    const IntegerText at_ms(options.expire_at_ms);
    std::vector<std::string_view> words;
    for (size_t at = 0; at < call.count(); ++at) {
        if (at < options_from || !time_form(call, at)) {
            words.push_back(call.arg(at));
            continue;
        }
        if (at + 1 == options.time_at) {
            words.push_back("PXAT");
            words.push_back(at_ms.view());
        }
        ++at;
    }
    call.propagate_as(words);
}

Status msetex(Call& call) {
    constexpr int64_t kKeysMax = std::numeric_limits<int32_t>::max();
    const auto keys = parse_integer(call.arg(1));
    if (!keys || *keys < 1 || *keys > kKeysMax) return kBadKeyNumber;
    const Pairs pairs{2, 2 + 2 * static_cast<size_t>(*keys)};
    if (pairs.end > call.count()) return errors::kSyntax;

    const WriteOptions options =
        TRY(parse_write_options(call, pairs.end, kWordNxXx | kWordKeepttl));
    const bool holds = holds_for_all(call, pairs, options.condition);
    if (holds) {
        // Compat: unlike with SET, an expiry that has passed is stored, and the keys go afterwards.
        write_all(call, pairs, options);
        propagate(call, pairs.end, options);
    }
    call.reply().integer(holds ? 1 : 0);
    return done();
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::strings::many
