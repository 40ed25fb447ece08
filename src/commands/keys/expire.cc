// SPDX-License-Identifier: BSD-3-Clause
//
// EXPIRE, PEXPIRE, EXPIREAT, PEXPIREAT, PERSIST: when a key goes by itself.
//
// All four end as a moment in milliseconds; that is also what is propagated. A moment that has
// passed removes the key at once.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "commands/support/expiry.h"
#include "commands/support/expiry_conditions.h"
#include "commands/support/text.h"
#include "engine/command.h"

namespace millrace::commands::keys::expire {
namespace {

using namespace engine;
using namespace support;
using keyspace::kNoExpiry;

Status expire(Call& call);
Status pexpire(Call& call);
Status expireat(Call& call);
Status pexpireat(Call& call);
Status persist(Call& call);

constexpr KeySpec kExpireKeys[] = {{.first = 1, .flags = kRW | kKeyUpdate}};
constexpr Arg kExpireConditionArgs[] = {
    {.name = "nx", .type = ArgType::PureToken, .token = "NX"},
    {.name = "xx", .type = ArgType::PureToken, .token = "XX"},
    {.name = "gt", .type = ArgType::PureToken, .token = "GT"},
    {.name = "lt", .type = ArgType::PureToken, .token = "LT"},
};
constexpr Arg kExpireArgs[] = {
    {"key", ArgType::Key, 0},
    {"seconds", ArgType::Integer},
    {.name = "condition",
     .type = ArgType::OneOf,
     .flags = kOptional,
     .children = kExpireConditionArgs,
     .since = "7.0.0"},
};
constexpr HistoryEntry kExpireHistory[] = {{"7.0.0", "New options `NX`, `XX`, `GT` and `LT`."}};
constexpr Arg kPexpireArgs[] = {
    {"key", ArgType::Key, 0},
    {"milliseconds", ArgType::Integer},
    {.name = "condition",
     .type = ArgType::OneOf,
     .flags = kOptional,
     .children = kExpireConditionArgs,
     .since = "7.0.0"},
};
constexpr Arg kExpireatArgs[] = {
    {"key", ArgType::Key, 0},
    {"unix-time-seconds", ArgType::UnixTime},
    {.name = "condition",
     .type = ArgType::OneOf,
     .flags = kOptional,
     .children = kExpireConditionArgs,
     .since = "7.0.0"},
};
constexpr Arg kPexpireatArgs[] = {
    {"key", ArgType::Key, 0},
    {"unix-time-milliseconds", ArgType::UnixTime},
    {.name = "condition",
     .type = ArgType::OneOf,
     .flags = kOptional,
     .children = kExpireConditionArgs,
     .since = "7.0.0"},
};
constexpr Arg kPersistArgs[] = {{"key", ArgType::Key, 0}};

constexpr CommandSpec kCommands[] = {
    {.name = "EXPIRE",
     .summary = "Sets the time to live of a key in seconds.",
     .since = "1.0.0",
     .group = Group::Generic,
     .complexity = "O(1)",
     .arity = -3,
     .flags = kWrite | kFast,
     .keys = kExpireKeys,
     .args = kExpireArgs,
     .history = kExpireHistory,
     .run = expire},
    {.name = "PEXPIRE",
     .summary = "Sets the time to live of a key in milliseconds.",
     .since = "2.6.0",
     .group = Group::Generic,
     .complexity = "O(1)",
     .arity = -3,
     .flags = kWrite | kFast,
     .keys = kExpireKeys,
     .args = kPexpireArgs,
     .history = kExpireHistory,
     .run = pexpire},
    {.name = "EXPIREAT",
     .summary = "Sets the moment when a key expires, as a Unix time in seconds.",
     .since = "1.2.0",
     .group = Group::Generic,
     .complexity = "O(1)",
     .arity = -3,
     .flags = kWrite | kFast,
     .keys = kExpireKeys,
     .args = kExpireatArgs,
     .history = kExpireHistory,
     .run = expireat},
    {.name = "PEXPIREAT",
     .summary = "Sets the moment when a key expires, as a Unix time in milliseconds.",
     .since = "2.6.0",
     .group = Group::Generic,
     .complexity = "O(1)",
     .arity = -3,
     .flags = kWrite | kFast,
     .keys = kExpireKeys,
     .args = kPexpireatArgs,
     .history = kExpireHistory,
     .run = pexpireat},
    {.name = "PERSIST",
     .summary = "Takes the expiry off a key.",
     .since = "2.2.0",
     .group = Group::Generic,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kWrite | kFast,
     .keys = kExpireKeys,
     .args = kPersistArgs,
     .run = persist},
};

void propagate(Call& call, int64_t at_ms, TimeForm form) {
    if (!call.propagates() || form == kAtMilliseconds) return;
    const IntegerText text(at_ms);
    std::vector<std::string_view> words = {"PEXPIREAT", call.arg(1), text.view()};
    for (size_t at = 3; at < call.count(); ++at) words.push_back(call.arg(at));
    call.propagate_as(words);
}

Status expire_as(Call& call, TimeForm form) {
    const ExpiryConditions conditions = TRY(parse_expiry_conditions(call, 3, call.count()));
    int64_t at_ms = TRY(moment_argument(call, 2, form));
    KeyEdit edit = call.edit(1);
    if (!edit.exists() || !conditions.allow(edit.expire_at_ms(), at_ms)) {
        call.reply().integer(0);
        return done();
    }
    if (has_passed(call, at_ms)) {
        expire_at_once(call, edit);
    } else {
        // While data is imported or loaded, a moment before all time is kept.
        at_ms = std::max<int64_t>(at_ms, 0);
        edit.set_expiry(at_ms);
        edit.commit(EventClass::Generic, "expire");
        propagate(call, at_ms, form);
    }
    call.reply().integer(1);
    return done();
}

Status expire(Call& call) {
    return expire_as(call, kInSeconds);
}
Status pexpire(Call& call) {
    return expire_as(call, kInMilliseconds);
}
Status expireat(Call& call) {
    return expire_as(call, kAtSeconds);
}
Status pexpireat(Call& call) {
    return expire_as(call, kAtMilliseconds);
}

Status persist(Call& call) {
    KeyEdit edit = call.edit(1);
    const bool expires = edit.expire_at_ms() != kNoExpiry;
    if (expires) {
        edit.set_expiry(kNoExpiry);
        edit.commit(EventClass::Generic, "persist");
    }
    call.reply().integer(expires ? 1 : 0);
    return done();
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::keys::expire
