// SPDX-License-Identifier: BSD-3-Clause
//
// HTTL, HPTTL, HEXPIRETIME, HPEXPIRETIME, HPERSIST: how long fields live.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "commands/support/expiry.h"
#include "commands/support/hash_fields.h"
#include "commands/support/text.h"
#include "commands/support/values.h"
#include "engine/command.h"
#include "values/hash.h"

namespace millrace::commands::hashes::ttl {
namespace {

using namespace engine;
using namespace support;
using values::Hash;

Status httl(Call& call);
Status hpttl(Call& call);
Status hexpiretime(Call& call);
Status hpexpiretime(Call& call);
Status hpersist(Call& call);

constexpr KeySpec kHttlKeys[] = {{.first = 1, .flags = kRO | kKeyAccess}};
constexpr Arg kHttlFieldsArgs[] = {
    {.name = "numfields", .type = ArgType::Integer, .key_spec = 0},
    {.name = "field", .type = ArgType::String, .flags = kMultiple},
};
constexpr Arg kHttlArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "fields", .type = ArgType::Block, .token = "FIELDS", .children = kHttlFieldsArgs},
};
constexpr KeySpec kHpersistKeys[] = {{.first = 1, .flags = kRW | kKeyUpdate}};

constexpr CommandSpec kCommands[] = {
    {.name = "HTTL",
     .summary = "Tells how many seconds fields have left.",
     .since = "9.0.0",
     .group = Group::Hash,
     .complexity = "O(N), N being the fields named.",
     .arity = -5,
     .flags = kReadOnly | kFast,
     .keys = kHttlKeys,
     .args = kHttlArgs,
     .run = httl},
    {.name = "HPTTL",
     .summary = "Tells how many milliseconds fields have left.",
     .since = "9.0.0",
     .group = Group::Hash,
     .complexity = "O(N), N being the fields named.",
     .arity = -5,
     .flags = kReadOnly | kFast,
     .keys = kHttlKeys,
     .args = kHttlArgs,
     .run = hpttl},
    {.name = "HEXPIRETIME",
     .summary = "Tells the Unix time in seconds when fields expire.",
     .since = "9.0.0",
     .group = Group::Hash,
     .complexity = "O(N), N being the fields named.",
     .arity = -5,
     .flags = kReadOnly | kFast,
     .keys = kHttlKeys,
     .args = kHttlArgs,
     .run = hexpiretime},
    {.name = "HPEXPIRETIME",
     .summary = "Tells the Unix time in milliseconds when fields expire.",
     .since = "9.0.0",
     .group = Group::Hash,
     .complexity = "O(N), N being the fields named.",
     .arity = -5,
     .flags = kReadOnly | kFast,
     .keys = kHttlKeys,
     .args = kHttlArgs,
     .run = hpexpiretime},
    {.name = "HPERSIST",
     .summary = "Lets fields live for ever.",
     .since = "9.0.0",
     .group = Group::Hash,
     .complexity = "O(N), N being the fields named.",
     .arity = -5,
     .flags = kWrite | kFast,
     .keys = kHpersistKeys,
     .args = kHttlArgs,
     .run = hpersist},
};

constexpr int64_t kNoField = -2;

int64_t to_seconds(int64_t milliseconds) {
    return milliseconds / 1000 + (milliseconds % 1000 >= 500 ? 1 : 0);
}

Status answer_expiry(Call& call, TimeForm form) {
    const FieldWords fields = TRY(field_words_at(call, 2, errors::kSyntax));
    const Hash* hash = TRY(call.read<Hash>(1));
    const auto answer = [&](std::string_view field) {
        const auto at =
            hash == nullptr ? std::nullopt : hash->expiry(field, call.keyspace().now_ms());
        if (!at) return kNoField;
        if (*at == keyspace::kNoExpiry) return keyspace::kNoExpiry;
        const int64_t moment = form.base == TimeBase::Now ? *at - call.now_ms() : *at;
        return form.unit == TimeUnit::Seconds ? to_seconds(moment) : moment;
    };
    call.reply().array(fields.count);
    for (size_t i = 0; i < fields.count; ++i)
        call.reply().integer(answer(call.arg(fields.first + i)));
    return done();
}

Status httl(Call& call) {
    return answer_expiry(call, kInSeconds);
}

Status hpttl(Call& call) {
    return answer_expiry(call, kInMilliseconds);
}

Status hexpiretime(Call& call) {
    return answer_expiry(call, kAtSeconds);
}

Status hpexpiretime(Call& call) {
    return answer_expiry(call, kAtMilliseconds);
}

Status hpersist(Call& call) {
    const FieldWords fields = TRY(field_words_at(call, 2, kBadFieldCount));
    KeyEdit edit = TRY(call.edit(1, Hash::kType));
    Hash* hash = edit.value<Hash>();
    uint64_t changed = 0;
    call.reply().array(fields.count);
    for (size_t i = 0; i < fields.count; ++i) {
        const std::string_view field = call.arg(fields.first + i);
        const auto before =
            hash == nullptr ? std::nullopt : hash->expiry(field, call.keyspace().now_ms());
        if (!before || *before == keyspace::kNoExpiry) {
            call.reply().integer(before ? keyspace::kNoExpiry : kNoField);
            continue;
        }
        hash->set_expiry(field, keyspace::kNoExpiry, growth_rules(call));
        ++changed;
        call.reply().integer(1);
    }
    if (changed > 0) {
        edit.members_changed();
        edit.commit(EventClass::Hash, "hpersist", changed);
    }
    return done();
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::hashes::ttl
