// SPDX-License-Identifier: BSD-3-Clause
//
// HDEL, HGETDEL: taking fields away.

#include <cstdint>
#include <string_view>

#include "commands/support/hash_fields.h"
#include "engine/command.h"
#include "values/hash.h"

namespace millrace::commands::hashes::deletion {
namespace {

using namespace engine;
using namespace support;
using values::Hash;

Status hdel(Call& call);
Status hgetdel(Call& call);

constexpr KeySpec kHdelKeys[] = {{.first = 1, .flags = kRW | kKeyDelete}};
constexpr Arg kHdelArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "field", .type = ArgType::String, .flags = kMultiple},
};
constexpr HistoryEntry kHdelHistory[] = {{"2.4.0", "Takes several fields at once."}};
constexpr KeySpec kHgetdelKeys[] = {{.first = 1, .flags = kRW | kKeyAccess | kKeyDelete}};
constexpr Arg kHgetdelFieldsArgs[] = {
    {.name = "numfields", .type = ArgType::Integer, .key_spec = 0},
    {.name = "field", .type = ArgType::String, .flags = kMultiple},
};
constexpr Arg kHgetdelArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "fields", .type = ArgType::Block, .token = "FIELDS", .children = kHgetdelFieldsArgs},
};

constexpr CommandSpec kCommands[] = {
    {.name = "HDEL",
     .summary = "Deletes fields, and the hash with its last one.",
     .since = "2.0.0",
     .group = Group::Hash,
     .complexity = "O(N), N being the fields to delete.",
     .arity = -3,
     .flags = kWrite | kFast,
     .keys = kHdelKeys,
     .args = kHdelArgs,
     .history = kHdelHistory,
     .element = 2,
     .run = hdel},
    {.name = "HGETDEL",
     .summary = "Gets the values of fields and deletes them, and the hash with its last one.",
     .since = "9.1.0",
     .group = Group::Hash,
     .complexity = "O(N), N being the fields to get.",
     .arity = -5,
     .flags = kWrite | kFast,
     .keys = kHgetdelKeys,
     .args = kHgetdelArgs,
     .run = hgetdel},
};

Status hdel(Call& call) {
    KeyEdit edit = TRY(call.edit(1, Hash::kType));
    Hash* hash = edit.value<Hash>();
    uint64_t deleted = 0;
    for (size_t at = 2; hash != nullptr && at < call.count(); ++at) {
        deleted += hash->erase(call.arg(at), call.keyspace().now_ms()) ? 1 : 0;
    }
    if (deleted > 0) {
        edit.members_changed();
        edit.commit_or_remove(EventClass::Hash, "hdel", deleted);
    }
    call.reply().integer(static_cast<int64_t>(deleted));
    return done();
}

Status hgetdel(Call& call) {
    const FieldWords fields = TRY(field_words_at(call, 2, kBadFieldCount));
    KeyEdit edit = TRY(call.edit(1, Hash::kType));
    Hash* hash = edit.value<Hash>();
    uint64_t deleted = 0;
    call.reply().array(fields.count);
    for (size_t i = 0; i < fields.count; ++i) {
        const std::string_view field = call.arg(fields.first + i);
        values::Text value;
        if (hash == nullptr || !hash->get(field, call.keyspace().now_ms(), value)) {
            call.reply().null();
            continue;
        }
        call.reply().bulk(value.view());
        hash->erase(field);
        ++deleted;
    }
    if (deleted > 0) {
        edit.members_changed();
        edit.commit_or_remove(EventClass::Hash, "hdel", deleted);
    }
    return done();
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::hashes::deletion
