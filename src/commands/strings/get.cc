// SPDX-License-Identifier: BSD-3-Clause
//
// GET, and the two that read a string and change its key at the same time: GETDEL, GETEX.

#include "commands/support/strings.h"
#include "commands/support/text.h"
#include "engine/command.h"

namespace millrace::commands::strings::get {
namespace {

using namespace engine;
using namespace support;
using keyspace::Entry;
using keyspace::ValueType;

Status get(Call& call);
Status getdel(Call& call);
Status getex(Call& call);

constexpr KeySpec kGetKeys[] = {{.first = 1, .flags = kRO | kKeyAccess}};
constexpr Arg kGetArgs[] = {{"key", ArgType::Key, 0}};
constexpr KeySpec kGetdelKeys[] = {{.first = 1, .flags = kRW | kKeyAccess | kKeyDelete}};
constexpr KeySpec kGetexKeys[] = {
    {.first = 1,
     .flags = kRW | kKeyAccess | kKeyUpdate,
     .notes = "Writes, since it changes the expiry"},
};
constexpr Arg kGetexExpirationArgs[] = {
    {.name = "seconds", .type = ArgType::Integer, .token = "EX"},
    {.name = "milliseconds", .type = ArgType::Integer, .token = "PX"},
    {.name = "unix-time-seconds", .type = ArgType::UnixTime, .token = "EXAT"},
    {.name = "unix-time-milliseconds", .type = ArgType::UnixTime, .token = "PXAT"},
    {.name = "persist", .type = ArgType::PureToken, .token = "PERSIST"},
};
constexpr Arg kGetexArgs[] = {
    {"key", ArgType::Key, 0},
    {.name = "expiration",
     .type = ArgType::OneOf,
     .flags = kOptional,
     .children = kGetexExpirationArgs},
};

constexpr CommandSpec kCommands[] = {
    {.name = "GET",
     .summary = "Gets the string at a key.",
     .since = "1.0.0",
     .group = Group::String,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kReadOnly | kFast,
     .keys = kGetKeys,
     .args = kGetArgs,
     .run = get},
    {.name = "GETDEL",
     .summary = "Gets the string at a key and deletes the key.",
     .since = "6.2.0",
     .group = Group::String,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kWrite | kFast,
     .keys = kGetdelKeys,
     .args = kGetArgs,
     .run = getdel},
    {.name = "GETEX",
     .summary = "Gets the string at a key and sets, changes or removes its expiry.",
     .since = "6.2.0",
     .group = Group::String,
     .complexity = "O(1)",
     .arity = -2,
     .flags = kWrite | kFast,
     .keys = kGetexKeys,
     .args = kGetexArgs,
     .run = getex},
};

Status get(Call& call) {
    Entry* entry = call.find(1);
    if (entry != nullptr && !entry->is_string()) return errors::kWrongType;
    reply_string(call, entry);
    return done();
}

Status getdel(Call& call) {
    Entry* entry = TRY(call.find(1, ValueType::String));
    reply_string(call, entry);
    if (entry == nullptr) return done();

    KeyEdit edit = call.edit(1);
    edit.remove();
    edit.commit(EventClass::Generic, "del");
    call.propagate_as({"DEL", call.arg(1)});
    return done();
}

Status getex(Call& call) {
    const WriteOptions options = TRY(parse_write_options(call, 2, kWordPersist));
    Entry* entry = TRY(call.find(1, ValueType::String));
    reply_string(call, entry);
    if (entry == nullptr) return done();

    KeyEdit edit = call.edit(1);
    if (options.expiry == WriteOptions::Expiry::Persist) {
        if (edit.expire_at_ms() == keyspace::kNoExpiry) return done();
        edit.set_expiry(keyspace::kNoExpiry);
        edit.commit(EventClass::Generic, "persist");
        call.propagate_as({"PERSIST", call.arg(1)});
    } else if (options.expiry == WriteOptions::Expiry::Set) {
        const int64_t at_ms = options.expire_at_ms;
        if (has_passed(call, at_ms)) {
            expire_at_once(call, edit);
            return done();
        }
        edit.set_expiry(at_ms);
        edit.commit(EventClass::Generic, "expire");
        call.propagate_as({"PEXPIREAT", call.arg(1), IntegerText(at_ms).view()});
    }
    return done();
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::strings::get
