// SPDX-License-Identifier: BSD-3-Clause
//
// HSET, HMSET, HSETNX: giving values to fields.

#include <cstdint>

#include "commands/support/hash_fields.h"
#include "commands/support/values.h"
#include "engine/command.h"
#include "values/hash.h"

namespace millrace::commands::hashes::write {
namespace {

using namespace engine;
using namespace support;
using values::FieldBefore;
using values::Hash;

Status hset(Call& call);
Status hmset(Call& call);
Status hsetnx(Call& call);

constexpr KeySpec kHsetKeys[] = {{.first = 1, .flags = kRW | kKeyUpdate}};
constexpr Arg kHsetDataArgs[] = {
    {.name = "field", .type = ArgType::String},
    {.name = "value", .type = ArgType::String},
};
constexpr Arg kHsetArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "data", .type = ArgType::Block, .flags = kMultiple, .children = kHsetDataArgs},
};
constexpr HistoryEntry kHsetHistory[] = {{"4.0.0", "Takes several fields at once."}};
constexpr KeySpec kHsetnxKeys[] = {{.first = 1, .flags = kRW | kKeyInsert}};
constexpr Arg kHsetnxArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "field", .type = ArgType::String},
    {.name = "value", .type = ArgType::String},
};

constexpr CommandSpec kCommands[] = {
    {.name = "HSET",
     .summary = "Sets fields of a hash, which is made if it is missing.",
     .since = "2.0.0",
     .group = Group::Hash,
     .complexity = "O(N), N being the fields to set.",
     .arity = -4,
     .flags = kWrite | kDenyOom | kFast,
     .keys = kHsetKeys,
     .args = kHsetArgs,
     .history = kHsetHistory,
     .element = 2,
     .run = hset},
    {.name = "HMSET",
     .summary = "Sets fields of a hash, which is made if it is missing.",
     .since = "2.0.0",
     .group = Group::Hash,
     .complexity = "O(N), N being the fields to set.",
     .arity = -4,
     .flags = kWrite | kDenyOom | kFast,
     .keys = kHsetKeys,
     .args = kHsetArgs,
     .element = 2,
     .run = hmset},
    {.name = "HSETNX",
     .summary = "Sets a field of a hash, unless it is there already.",
     .since = "2.0.0",
     .group = Group::Hash,
     .complexity = "O(1)",
     .arity = 4,
     .flags = kWrite | kDenyOom | kFast,
     .keys = kHsetnxKeys,
     .args = kHsetnxArgs,
     .element = 2,
     .run = hsetnx},
};

// Sets the fields in the arguments from 2 on, and commits. Returns how many of them are new.
int64_t write_fields(Call& call, KeyEdit& edit) {
    Hash& hash = edit.value_or_make<Hash>();
    const values::GrowthRules rules = growth_rules(call);
    hash.prepare(call.arguments().subspan(2), rules);
    const bool expiring = hash.has_expiring_fields();
    const values::FieldTime time{.now_ms = call.keyspace().now_ms()};
    int64_t created = 0;
    size_t due = 0;
    for (size_t at = 2; at < call.count(); at += 2) {
        const FieldBefore before = hash.set(call.arg(at), call.arg(at + 1), rules, time);
        if (before != FieldBefore::There) ++created;
        if (before == FieldBefore::Due) ++due;
    }
    if (due > 0) fields_were_due(call, edit, due);
    if (expiring) {
        edit.members_changed();
    } else {
        edit.value_changed();
    }
    edit.commit(EventClass::Hash, "hset", (call.count() - 2) / 2);
    return created;
}

Status hset(Call& call) {
    if (call.count() % 2 != 0) return wrong_arity(call);
    KeyEdit edit = TRY(call.edit(1, Hash::kType));
    call.reply().integer(write_fields(call, edit));
    return done();
}

Status hmset(Call& call) {
    if (call.count() % 2 != 0) return wrong_arity(call);
    KeyEdit edit = TRY(call.edit(1, Hash::kType));
    write_fields(call, edit);
    call.reply().ok();
    return done();
}

Status hsetnx(Call& call) {
    KeyEdit edit = TRY(call.edit(1, Hash::kType));
    const Hash* found = edit.value<Hash>();
    if (found != nullptr && found->contains(call.arg(2), call.keyspace().now_ms())) {
        call.reply().integer(0);
        return done();
    }
    // Compat: a hash with expiring fields propagates that the field was set, not the condition.
    const bool expiring = found != nullptr && found->has_expiring_fields();
    write_fields(call, edit);
    if (expiring) call.propagate_as({"HSET", call.arg(1), call.arg(2), call.arg(3)});
    call.reply().integer(1);
    return done();
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::hashes::write
