// SPDX-License-Identifier: BSD-3-Clause
//
// HGET, HMGET, HSTRLEN, HEXISTS, HLEN: looking at single fields.

#include "engine/command.h"
#include "values/hash.h"

namespace millrace::commands::hashes::read {
namespace {

using namespace engine;
using values::Hash;

Status hget(Call& call);
Status hmget(Call& call);
Status hstrlen(Call& call);
Status hexists(Call& call);
Status hlen(Call& call);

constexpr KeySpec kHgetKeys[] = {{.first = 1, .flags = kRO | kKeyAccess}};
constexpr Arg kHgetArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "field", .type = ArgType::String},
};
constexpr Arg kHmgetArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "field", .type = ArgType::String, .flags = kMultiple},
};
constexpr KeySpec kHstrlenKeys[] = {{.first = 1, .flags = kRO}};
constexpr Arg kHlenArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
};

constexpr CommandSpec kCommands[] = {
    {.name = "HGET",
     .summary = "Gets the value of a field.",
     .since = "2.0.0",
     .group = Group::Hash,
     .complexity = "O(1)",
     .arity = 3,
     .flags = kReadOnly | kFast,
     .keys = kHgetKeys,
     .args = kHgetArgs,
     .element = 2,
     .run = hget},
    {.name = "HMGET",
     .summary = "Gets the values of several fields.",
     .since = "2.0.0",
     .group = Group::Hash,
     .complexity = "O(N), N being the fields to get.",
     .arity = -3,
     .flags = kReadOnly | kFast,
     .keys = kHgetKeys,
     .args = kHmgetArgs,
     .element = 2,
     .run = hmget},
    {.name = "HSTRLEN",
     .summary = "Tells how many bytes the value of a field has.",
     .since = "3.2.0",
     .group = Group::Hash,
     .complexity = "O(1)",
     .arity = 3,
     .flags = kReadOnly | kFast,
     .keys = kHstrlenKeys,
     .args = kHgetArgs,
     .element = 2,
     .run = hstrlen},
    {.name = "HEXISTS",
     .summary = "Tells whether a hash has a field.",
     .since = "2.0.0",
     .group = Group::Hash,
     .complexity = "O(1)",
     .arity = 3,
     .flags = kReadOnly | kFast,
     .keys = kHstrlenKeys,
     .args = kHgetArgs,
     .element = 2,
     .run = hexists},
    {.name = "HLEN",
     .summary = "Tells how many fields a hash has.",
     .since = "2.0.0",
     .group = Group::Hash,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kReadOnly | kFast,
     .keys = kHstrlenKeys,
     .args = kHlenArgs,
     .run = hlen},
};

void reply_value(Call& call, const Hash* hash, std::string_view field) {
    values::Text value;
    if (hash != nullptr && hash->get(field, call.keyspace().now_ms(), value)) {
        call.reply().bulk(value.view());
    } else {
        call.reply().null();
    }
}

Status hget(Call& call) {
    const Hash* hash = TRY(call.read<Hash>(1));
    reply_value(call, hash, call.arg(2));
    return done();
}

Status hmget(Call& call) {
    const Hash* hash = TRY(call.read<Hash>(1));
    call.reply().array(call.count() - 2);
    for (size_t at = 2; at < call.count(); ++at) reply_value(call, hash, call.arg(at));
    return done();
}

Status hstrlen(Call& call) {
    const Hash* hash = TRY(call.read<Hash>(1));
    values::Text value;
    const bool found = hash != nullptr && hash->get(call.arg(2), call.keyspace().now_ms(), value);
    call.reply().integer(found ? static_cast<int64_t>(value.view().size()) : 0);
    return done();
}

Status hexists(Call& call) {
    const Hash* hash = TRY(call.read<Hash>(1));
    const bool found = hash != nullptr && hash->contains(call.arg(2), call.keyspace().now_ms());
    call.reply().integer(found ? 1 : 0);
    return done();
}

// Compat: fields whose time is over count until they are removed.
Status hlen(Call& call) {
    const Hash* hash = TRY(call.read<Hash>(1));
    call.reply().integer(hash == nullptr ? 0 : static_cast<int64_t>(hash->size()));
    return done();
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::hashes::read
