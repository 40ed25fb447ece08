// SPDX-License-Identifier: BSD-3-Clause
//
// HSET, HMSET, HSETNX: giving values to fields.

#include "commands/support/values.h"
#include "engine/command.h"
#include "values/hash.h"

namespace millrace::commands::hashes::write {
namespace {

using namespace engine;
using namespace support;
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
     .run = hsetnx},
};

// How many of the fields are new.
Result<int64_t> write_fields(Call& call) {
    KeyEdit edit = TRY(call.edit(1, Hash::kType));
    Hash& hash = edit.value_or_make<Hash>();
    const values::GrowthRules rules = growth_rules(call);
    hash.prepare(call.arguments().subspan(2), rules);
    int64_t created = 0;
    for (size_t at = 2; at < call.count(); at += 2) {
        created += hash.set(call.arg(at), call.arg(at + 1), rules) ? 1 : 0;
    }
    edit.value_changed();
    edit.commit(EventClass::Hash, "hset", (call.count() - 2) / 2);
    return created;
}

Status hset(Call& call) {
    if (call.count() % 2 != 0) return wrong_arity(call);
    const int64_t created = TRY(write_fields(call));
    call.reply().integer(created);
    return done();
}

Status hmset(Call& call) {
    if (call.count() % 2 != 0) return wrong_arity(call);
    (void)TRY(write_fields(call));
    call.reply().ok();
    return done();
}

Status hsetnx(Call& call) {
    KeyEdit edit = TRY(call.edit(1, Hash::kType));
    const Hash* found = edit.value<Hash>();
    if (found != nullptr && found->contains(call.arg(2), call.now_ms())) {
        call.reply().integer(0);
        return done();
    }
    Hash& hash = edit.value_or_make<Hash>();
    const values::GrowthRules rules = growth_rules(call);
    hash.prepare(call.arguments().subspan(2), rules);
    hash.set(call.arg(2), call.arg(3), rules);
    edit.value_changed();
    edit.commit(EventClass::Hash, "hset");
    call.reply().integer(1);
    return done();
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::hashes::write
