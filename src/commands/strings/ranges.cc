// SPDX-License-Identifier: BSD-3-Clause
//
// APPEND, GETRANGE, SETRANGE, STRLEN, SUBSTR: strings as arrays of bytes.

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "commands/support/text.h"
#include "engine/command.h"

namespace millrace::commands::strings::ranges {
namespace {

using namespace engine;
using namespace support;
using keyspace::Entry;
using keyspace::ExpiryRoom;
using keyspace::ValueType;

Status append(Call& call);
Status getrange(Call& call);
Status setrange(Call& call);
Status strlen(Call& call);
Status substr(Call& call);

constexpr KeySpec kAppendKeys[] = {{.first = 1, .flags = kRW | kKeyInsert}};
constexpr Arg kAppendArgs[] = {{"key", ArgType::Key, 0}, {"value", ArgType::String}};
constexpr KeySpec kGetrangeKeys[] = {{.first = 1, .flags = kRO | kKeyAccess}};
constexpr Arg kGetrangeArgs[] = {
    {"key", ArgType::Key, 0},
    {"start", ArgType::Integer},
    {"end", ArgType::Integer},
};
constexpr KeySpec kSetrangeKeys[] = {{.first = 1, .flags = kRW | kKeyUpdate}};
constexpr Arg kSetrangeArgs[] = {
    {"key", ArgType::Key, 0},
    {"offset", ArgType::Integer},
    {"value", ArgType::String},
};
constexpr KeySpec kStrlenKeys[] = {{.first = 1, .flags = kRO}};
constexpr Arg kStrlenArgs[] = {{"key", ArgType::Key, 0}};

constexpr CommandSpec kCommands[] = {
    {.name = "APPEND",
     .summary = "Adds bytes to the end of a string, which begins empty if the key is missing.",
     .since = "2.0.0",
     .group = Group::String,
     .complexity = "O(1) amortized for a short value: room for growth is kept behind the string.",
     .arity = 3,
     .flags = kWrite | kDenyOom | kFast,
     .keys = kAppendKeys,
     .args = kAppendArgs,
     .run = append},
    {.name = "GETRANGE",
     .summary = "Gets part of a string by its first and last position.",
     .since = "2.4.0",
     .group = Group::String,
     .complexity = "O(N), N being the bytes returned; in effect O(1) for short strings.",
     .arity = 4,
     .flags = kReadOnly,
     .keys = kGetrangeKeys,
     .args = kGetrangeArgs,
     .run = getrange},
    {.name = "SETRANGE",
     .summary = "Overwrites part of a string from a position on; a missing key counts as empty.",
     .since = "2.2.0",
     .group = Group::String,
     .complexity = "O(1) besides copying the new bytes, which is O(M), M being their number.",
     .arity = 4,
     .flags = kWrite | kDenyOom,
     .keys = kSetrangeKeys,
     .args = kSetrangeArgs,
     .run = setrange},
    {.name = "STRLEN",
     .summary = "Gets the length of a string in bytes.",
     .since = "2.2.0",
     .group = Group::String,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kReadOnly | kFast,
     .keys = kStrlenKeys,
     .args = kStrlenArgs,
     .run = strlen},
    {.name = "SUBSTR",
     .summary = "Gets part of a string by its first and last position.",
     .since = "1.0.0",
     .group = Group::String,
     .complexity = "O(N), N being the bytes returned; in effect O(1) for short strings.",
     .arity = 4,
     .flags = kReadOnly,
     .keys = kGetrangeKeys,
     .args = kGetrangeArgs,
     .run = substr},
};

constexpr ErrorText kTooLong{"ERR string exceeds maximum allowed size (proto-max-bulk-len)"};
constexpr ErrorText kBadOffset{"ERR offset is out of range"};

size_t length(const Entry& entry) {
    return StringText(entry).view().size();
}

// Where a write of `bytes` behind `offset` ends.
Result<size_t> end_of_write(const Call& call, size_t offset, size_t bytes) {
    size_t end = 0;
    const bool overflows = __builtin_add_overflow(offset, bytes, &end);
    if (overflows || end > call.settings().proto_max_bulk_bytes) return kTooLong;
    return end;
}

Status append(Call& call) {
    const std::string_view tail = call.arg(2);
    KeyEdit edit = TRY(call.edit(1, ValueType::String));
    size_t bytes = tail.size();
    if (edit.exists()) {
        const size_t before = length(*edit.entry());
        bytes = TRY(end_of_write(call, before, tail.size()));
        tail.copy(edit.grow_string(bytes) + before, tail.size());
    } else {
        edit.store(call.take_entry(1, 2, ExpiryRoom::No));
    }
    edit.commit(EventClass::String, "append");
    call.reply().integer(static_cast<int64_t>(bytes));
    return done();
}

// Compat: the offset is looked at before the key, but the size of the outcome after it. Writing
// nothing changes nothing, wherever it would be.
Status setrange(Call& call) {
    const int64_t offset = TRY(call.integer(2));
    if (offset < 0) return kBadOffset;
    const auto begin = static_cast<size_t>(offset);
    const std::string_view value = call.arg(3);

    KeyEdit edit = TRY(call.edit(1, ValueType::String));
    const size_t before = edit.exists() ? length(*edit.entry()) : 0;
    if (value.empty()) {
        call.reply().integer(static_cast<int64_t>(before));
        return done();
    }
    const size_t end = TRY(end_of_write(call, begin, value.size()));
    const size_t after = std::max(before, end);
    value.copy(edit.grow_string(after) + begin, value.size());
    edit.commit(EventClass::String, "setrange");
    call.reply().integer(static_cast<int64_t>(after));
    return done();
}

Status strlen(Call& call) {
    const Entry* entry = TRY(call.find(1, ValueType::String));
    call.reply().integer(entry == nullptr ? 0 : static_cast<int64_t>(length(*entry)));
    return done();
}

// Positions below zero count from the end; what lies outside is cut off.
// Compat: so a range that lies before the string as a whole is its first byte.
std::string_view slice(std::string_view text, int64_t first, int64_t last) {
    const auto size = static_cast<int64_t>(text.size());
    if (first < 0 && last < first) return {};
    if (first < 0) first = std::max<int64_t>(first + size, 0);
    if (last < 0) last = std::max<int64_t>(last + size, 0);
    last = std::min(last, size - 1);
    if (first > last) return {};
    return text.substr(static_cast<size_t>(first), static_cast<size_t>(last - first + 1));
}

Status getrange(Call& call) {
    const int64_t first = TRY(call.integer(2));
    const int64_t last = TRY(call.integer(3));
    const Entry* entry = TRY(call.find(1, ValueType::String));
    if (entry == nullptr) {
        call.reply().bulk({});
        return done();
    }
    const StringText text(*entry);
    call.reply().bulk(slice(text.view(), first, last));
    return done();
}

Status substr(Call& call) {
    return getrange(call);
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::strings::ranges
