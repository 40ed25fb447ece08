// SPDX-License-Identifier: BSD-3-Clause
//
// SET and its older forms: SETEX, PSETEX, SETNX, GETSET.
//
// Whatever was at the key is replaced, its expiry included. SET with an expiry that has passed
// already removes the key instead.

#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/token.h"
#include "commands/support/strings.h"
#include "commands/support/text.h"
#include "engine/command.h"
#include "engine/key_positions.h"

namespace millrace::commands::strings::set {
namespace {

using namespace engine;
using namespace support;
using keyspace::Entry;
using keyspace::ExpiryRoom;
using keyspace::ValueType;
using Condition = WriteOptions::Condition;
using Expiry = WriteOptions::Expiry;

Status set(Call& call);
Status setex(Call& call);
Status psetex(Call& call);
Status setnx(Call& call);
Status getset(Call& call);

bool find_set_key(std::span<const std::string_view> arguments, KeyPositions& found);

constexpr KeySpec kSetKeys[] = {
    {.first = 1,
     .flags = kRW | kKeyAccess | kKeyUpdate | kKeyVariableFlags,
     .notes = "Reads only with the option `GET`"},
};
constexpr Arg kSetConditionArgs[] = {
    {.name = "nx", .type = ArgType::PureToken, .token = "NX", .since = "2.6.12"},
    {.name = "xx", .type = ArgType::PureToken, .token = "XX", .since = "2.6.12"},
    {.name = "comparison-value",
     .type = ArgType::String,
     .token = "IFEQ",
     .since = "8.1.0",
     .summary = "Sets only if the value is equal to this one."},
};
constexpr Arg kSetExpirationArgs[] = {
    {.name = "seconds", .type = ArgType::Integer, .token = "EX", .since = "2.6.12"},
    {.name = "milliseconds", .type = ArgType::Integer, .token = "PX", .since = "2.6.12"},
    {.name = "unix-time-seconds", .type = ArgType::UnixTime, .token = "EXAT", .since = "6.2.0"},
    {.name = "unix-time-milliseconds",
     .type = ArgType::UnixTime,
     .token = "PXAT",
     .since = "6.2.0"},
    {.name = "keepttl", .type = ArgType::PureToken, .token = "KEEPTTL", .since = "6.0.0"},
};
constexpr Arg kSetArgs[] = {
    {"key", ArgType::Key, 0},
    {"value", ArgType::String},
    {.name = "condition",
     .type = ArgType::OneOf,
     .flags = kOptional,
     .children = kSetConditionArgs},
    {.name = "get",
     .type = ArgType::PureToken,
     .token = "GET",
     .flags = kOptional,
     .since = "6.2.0"},
    {.name = "expiration",
     .type = ArgType::OneOf,
     .flags = kOptional,
     .children = kSetExpirationArgs},
};
constexpr HistoryEntry kSetHistory[] = {
    {"2.6.12", "New options `EX`, `PX`, `NX` and `XX`."},
    {"6.0.0", "New option `KEEPTTL`."},
    {"6.2.0", "New options `GET`, `EXAT` and `PXAT`."},
    {"7.0.0", "`NX` and `GET` may stand together."},
    {"8.1.0", "New option `IFEQ`."},
};
constexpr KeySpec kSetexKeys[] = {{.first = 1, .flags = kOW | kKeyUpdate}};
constexpr Arg kSetexArgs[] = {
    {"key", ArgType::Key, 0},
    {"seconds", ArgType::Integer},
    {"value", ArgType::String},
};
constexpr Arg kPsetexArgs[] = {
    {"key", ArgType::Key, 0},
    {"milliseconds", ArgType::Integer},
    {"value", ArgType::String},
};
constexpr KeySpec kSetnxKeys[] = {{.first = 1, .flags = kOW | kKeyInsert}};
constexpr Arg kSetnxArgs[] = {{"key", ArgType::Key, 0}, {"value", ArgType::String}};
constexpr KeySpec kGetsetKeys[] = {{.first = 1, .flags = kRW | kKeyAccess | kKeyUpdate}};

constexpr CommandSpec kCommands[] = {
    {.name = "SET",
     .summary = "Sets the string at a key, whatever was there before.",
     .since = "1.0.0",
     .group = Group::String,
     .complexity = "O(1)",
     .arity = -3,
     .flags = kWrite | kDenyOom,
     .keys = kSetKeys,
     .args = kSetArgs,
     .history = kSetHistory,
     .find_keys = find_set_key,
     .prebuilt_value = 2,
     .run = set},
    {.name = "SETEX",
     .summary = "Sets the string at a key together with its time to live in seconds.",
     .since = "2.0.0",
     .group = Group::String,
     .complexity = "O(1)",
     .arity = 4,
     .flags = kWrite | kDenyOom,
     .keys = kSetexKeys,
     .args = kSetexArgs,
     .prebuilt_value = 3,
     .run = setex},
    {.name = "PSETEX",
     .summary = "Sets the string at a key together with its time to live in milliseconds.",
     .since = "2.6.0",
     .group = Group::String,
     .complexity = "O(1)",
     .arity = 4,
     .flags = kWrite | kDenyOom,
     .keys = kSetexKeys,
     .args = kPsetexArgs,
     .prebuilt_value = 3,
     .run = psetex},
    {.name = "SETNX",
     .summary = "Sets the string at a key if the key does not exist.",
     .since = "1.0.0",
     .group = Group::String,
     .complexity = "O(1)",
     .arity = 3,
     .flags = kWrite | kDenyOom | kFast,
     .keys = kSetnxKeys,
     .args = kSetnxArgs,
     .prebuilt_value = 2,
     .run = setnx},
    {.name = "GETSET",
     .summary = "Sets the string at a key and returns the one that was there.",
     .since = "1.0.0",
     .group = Group::String,
     .complexity = "O(1)",
     .arity = 3,
     .flags = kWrite | kDenyOom | kFast,
     .keys = kGetsetKeys,
     .args = kSetnxArgs,
     .prebuilt_value = 2,
     .run = getset},
};

// Compat: any word GET after the value counts, even where it is no option.
bool find_set_key(std::span<const std::string_view> arguments, KeyPositions& found) {
    uint32_t flags = kOW | kKeyUpdate;
    for (std::string_view word : arguments.subspan(3)) {
        if (is_token(word, "GET")) flags = kRW | kKeyAccess | kKeyUpdate;
    }
    found.add(1, flags);
    return true;
}

// The bare form, which is most of all writes: no options, no expiry.
void set_plain(Call& call) {
    Entry* fresh = call.take_entry(1, 2, ExpiryRoom::No);
    KeyEdit edit = call.edit(1);
    edit.store(fresh);
    edit.commit(EventClass::String, "set");
}

Result<bool> condition_holds(const Call& call, const WriteOptions& options, const KeyEdit& edit) {
    switch (options.condition) {
        case Condition::None:
            return true;
        case Condition::Missing:
            return !edit.exists();
        case Condition::Exists:
            return edit.exists();
        case Condition::Equal:
            break;
    }
    if (!edit.exists()) return false;
    if (!edit.entry()->is_string()) return errors::kWrongType;
    return StringText(*edit.entry()).view() == call.arg(options.comparison_at);
}

// A relative expiry is propagated as a moment. GET is left out, since nobody reads the answer.
void propagate(Call& call, const WriteOptions& options) {
    if (!call.propagates()) return;
    if (options.expiry == Expiry::Set) {
        if (options.time == kAtMilliseconds) return;
        const IntegerText at_ms(options.expire_at_ms);
        call.propagate_as({"SET", call.arg(1), call.arg(2), "PXAT", at_ms.view()});
        return;
    }
    if (!options.get) return;
    std::vector<std::string_view> words;
    for (size_t at = 0; at < call.count(); ++at) {
        const bool is_option = at >= 3 && at != options.comparison_at;
        if (!is_option || !call.arg_is(at, "GET")) words.push_back(call.arg(at));
    }
    call.propagate_as(words);
}

Status set(Call& call) {
    if (call.count() == 3) [[likely]] {
        set_plain(call);
        call.reply().ok();
        return done();
    }
    constexpr uint32_t kWords = kWordNxXx | kWordIfeq | kWordGet | kWordKeepttl;
    const WriteOptions options = TRY(parse_write_options(call, 3, kWords));
    Entry* old = nullptr;
    if (options.get) old = TRY(call.find(1, ValueType::String));
    KeyEdit edit = call.edit(1);
    const bool holds = TRY(condition_holds(call, options, edit));
    if (options.get) {
        reply_string(call, old);
    } else if (holds) {
        call.reply().ok();
    } else {
        call.reply().null();
    }
    if (!holds) return done();
    if (options.expiry == Expiry::Set && has_passed(call, options.expire_at_ms)) {
        if (edit.exists()) expire_at_once(call, edit);
        return done();
    }
    write_string(call, edit, 1, 2, options);
    propagate(call, options);
    return done();
}

Status set_with_expiry(Call& call, TimeForm form) {
    WriteOptions options;
    options.expiry = Expiry::Set;
    options.time = form;
    options.expire_at_ms = TRY(expiry_argument(call, 2, form));
    KeyEdit edit = call.edit(1);
    write_string(call, edit, 1, 3, options);
    if (call.propagates()) {
        const IntegerText at_ms(options.expire_at_ms);
        call.propagate_as({"SET", call.arg(1), call.arg(3), "PXAT", at_ms.view()});
    }
    call.reply().ok();
    return done();
}

Status setex(Call& call) {
    return set_with_expiry(call, kInSeconds);
}

Status psetex(Call& call) {
    return set_with_expiry(call, kInMilliseconds);
}

Status setnx(Call& call) {
    KeyEdit edit = call.edit(1);
    if (edit.exists()) {
        call.reply().integer(0);
        return done();
    }
    edit.store(call.take_entry(1, 2, ExpiryRoom::No));
    edit.commit(EventClass::String, "set");
    call.reply().integer(1);
    return done();
}

Status getset(Call& call) {
    Entry* old = TRY(call.find(1, ValueType::String));
    reply_string(call, old);
    set_plain(call);
    call.propagate_as({"SET", call.arg(1), call.arg(2)});
    return done();
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::strings::set
