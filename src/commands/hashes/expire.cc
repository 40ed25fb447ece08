// SPDX-License-Identifier: BSD-3-Clause
//
// HEXPIRE, HPEXPIRE, HEXPIREAT, HPEXPIREAT: giving fields a time to live.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "commands/support/expiry.h"
#include "commands/support/expiry_conditions.h"
#include "commands/support/hash_fields.h"
#include "commands/support/text.h"
#include "commands/support/values.h"
#include "engine/command.h"
#include "values/hash.h"

namespace millrace::commands::hashes::expire {
namespace {

using namespace engine;
using namespace support;
using values::Hash;

Status hexpire(Call& call);
Status hpexpire(Call& call);
Status hexpireat(Call& call);
Status hpexpireat(Call& call);

constexpr KeySpec kHexpireKeys[] = {{.first = 1, .flags = kRW | kKeyUpdate}};
constexpr Arg kHexpireConditionArgs[] = {
    {.name = "nx", .type = ArgType::PureToken, .token = "NX"},
    {.name = "xx", .type = ArgType::PureToken, .token = "XX"},
    {.name = "gt", .type = ArgType::PureToken, .token = "GT"},
    {.name = "lt", .type = ArgType::PureToken, .token = "LT"},
};
constexpr Arg kHexpireFieldsArgs[] = {
    {.name = "numfields", .type = ArgType::Integer},
    {.name = "field", .type = ArgType::String, .flags = kMultiple},
};
constexpr Arg kHexpireArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "seconds", .type = ArgType::Integer},
    {.name = "condition",
     .type = ArgType::OneOf,
     .flags = kOptional,
     .children = kHexpireConditionArgs},
    {.name = "fields", .type = ArgType::Block, .token = "FIELDS", .children = kHexpireFieldsArgs},
};
constexpr Arg kHpexpireFieldsArgs[] = {
    {.name = "numfields", .type = ArgType::Integer, .key_spec = 0},
    {.name = "field", .type = ArgType::String, .flags = kMultiple},
};
constexpr Arg kHpexpireArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "milliseconds", .type = ArgType::Integer},
    {.name = "condition",
     .type = ArgType::OneOf,
     .flags = kOptional,
     .children = kHexpireConditionArgs,
     .since = "9.0.0"},
    {.name = "fields", .type = ArgType::Block, .token = "FIELDS", .children = kHpexpireFieldsArgs},
};
constexpr Arg kHexpireatArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "unix-time-seconds", .type = ArgType::Integer},
    {.name = "condition",
     .type = ArgType::OneOf,
     .flags = kOptional,
     .children = kHexpireConditionArgs,
     .since = "9.0.0"},
    {.name = "fields", .type = ArgType::Block, .token = "FIELDS", .children = kHpexpireFieldsArgs},
};
constexpr Arg kHpexpireatArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "unix-time-milliseconds", .type = ArgType::Integer},
    {.name = "condition",
     .type = ArgType::OneOf,
     .flags = kOptional,
     .children = kHexpireConditionArgs,
     .since = "9.0.0"},
    {.name = "fields", .type = ArgType::Block, .token = "FIELDS", .children = kHpexpireFieldsArgs},
};

constexpr CommandSpec kCommands[] = {
    {.name = "HEXPIRE",
     .summary = "Lets fields expire after some seconds.",
     .since = "9.0.0",
     .group = Group::Hash,
     .complexity = "O(N), N being the fields named.",
     .arity = -6,
     .flags = kWrite | kFast,
     .keys = kHexpireKeys,
     .args = kHexpireArgs,
     .run = hexpire},
    {.name = "HPEXPIRE",
     .summary = "Lets fields expire after some milliseconds.",
     .since = "9.0.0",
     .group = Group::Hash,
     .complexity = "O(N), N being the fields named.",
     .arity = -6,
     .flags = kWrite | kFast,
     .keys = kHexpireKeys,
     .args = kHpexpireArgs,
     .run = hpexpire},
    {.name = "HEXPIREAT",
     .summary = "Lets fields expire at a Unix time in seconds.",
     .since = "9.0.0",
     .group = Group::Hash,
     .complexity = "O(N), N being the fields named.",
     .arity = -6,
     .flags = kWrite | kFast,
     .keys = kHexpireKeys,
     .args = kHexpireatArgs,
     .run = hexpireat},
    {.name = "HPEXPIREAT",
     .summary = "Lets fields expire at a Unix time in milliseconds.",
     .since = "9.0.0",
     .group = Group::Hash,
     .complexity = "O(N), N being the fields named.",
     .arity = -6,
     .flags = kWrite | kFast,
     .keys = kHexpireKeys,
     .args = kHpexpireatArgs,
     .run = hpexpireat},
};

// What is answered for a field.
enum FieldOutcome : int64_t { kNoField = -2, kConditionNotMet = 0, kExpirySet = 1, kExpired = 2 };

void propagate(Call& call, int64_t at_ms) {
    if (!call.propagates()) return;
    const IntegerText moment(at_ms);
    std::vector<std::string_view> words = {"HPEXPIREAT", call.arg(1), moment.view()};
    for (size_t at = 3; at < call.count(); ++at) words.push_back(call.arg(at));
    call.propagate_as(words);
}

Status expire_as(Call& call, TimeForm form) {
    const size_t word = TRY(find_fields(call, 3));
    const ExpiryConditions conditions = TRY(parse_expiry_conditions(call, 3, word));
    const FieldWords fields = TRY(fields_behind(call, word, 1));
    const int64_t at_ms = TRY(field_moment(call, 2, form));
    KeyEdit edit = TRY(call.edit(1, Hash::kType));
    Hash* hash = edit.value<Hash>();

    const bool passed = has_passed(call, at_ms);
    const values::GrowthRules rules = growth_rules(call);
    std::vector<std::string_view> changed;
    const auto change = [&](std::string_view field) {
        if (hash == nullptr) return kNoField;
        const auto before = hash->expiry(field, call.keyspace().now_ms());
        if (!before) return kNoField;
        if (!conditions.allow(*before, at_ms)) return kConditionNotMet;
        changed.push_back(field);
        if (passed) {
            hash->erase(field);
            return kExpired;
        }
        hash->set_expiry(field, at_ms, rules);
        return kExpirySet;
    };
    call.reply().array(fields.count);
    for (size_t i = 0; i < fields.count; ++i)
        call.reply().integer(change(call.arg(fields.first + i)));
    if (changed.empty()) return done();
    if (passed) {
        expire_fields_at_once(call, edit, changed);
        return done();
    }
    edit.members_changed();
    edit.commit(EventClass::Hash, "hexpire", changed.size());
    propagate(call, at_ms);
    return done();
}

Status hexpire(Call& call) {
    return expire_as(call, kInSeconds);
}

Status hpexpire(Call& call) {
    return expire_as(call, kInMilliseconds);
}

Status hexpireat(Call& call) {
    return expire_as(call, kAtSeconds);
}

Status hpexpireat(Call& call) {
    return expire_as(call, kAtMilliseconds);
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::hashes::expire
