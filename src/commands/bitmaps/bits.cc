// SPDX-License-Identifier: BSD-3-Clause
//
// SETBIT, GETBIT, BITCOUNT, BITPOS: single bits of a string, and where they are.

#include "commands/support/bits.h"

#include <algorithm>
#include <cstdint>

#include "commands/support/text.h"
#include "engine/command.h"

namespace millrace::commands::bitmaps::bits {
namespace {

using namespace engine;
using namespace support;
using keyspace::Entry;
using keyspace::ValueType;

Status setbit(Call& call);
Status getbit(Call& call);
Status bitcount(Call& call);
Status bitpos(Call& call);

constexpr KeySpec kSetbitKeys[] = {{.flags = kRW | kKeyAccess | kKeyUpdate}};
constexpr KeySpec kReadKeys[] = {{.flags = kRO | kKeyAccess}};
constexpr Arg kSetbitArgs[] = {
    {"key", ArgType::Key, 0}, {"offset", ArgType::Integer}, {"value", ArgType::Integer}};
constexpr Arg kGetbitArgs[] = {{"key", ArgType::Key, 0}, {"offset", ArgType::Integer}};
constexpr Arg kUnits[] = {
    {.name = "byte", .type = ArgType::PureToken, .token = "BYTE"},
    {.name = "bit", .type = ArgType::PureToken, .token = "BIT"},
};
constexpr Arg kEndArgs[] = {
    {"end", ArgType::Integer},
    {.name = "unit",
     .type = ArgType::OneOf,
     .flags = kOptional,
     .children = kUnits,
     .since = "7.0.0"},
};
constexpr Arg kRangeArgs[] = {
    {"start", ArgType::Integer},
    {.name = "end-unit-block", .type = ArgType::Block, .flags = kOptional, .children = kEndArgs},
};
constexpr Arg kBitcountArgs[] = {
    {"key", ArgType::Key, 0},
    {.name = "range", .type = ArgType::Block, .flags = kOptional, .children = kRangeArgs},
};
constexpr Arg kBitposArgs[] = {
    {"key", ArgType::Key, 0},
    {"bit", ArgType::Integer},
    {.name = "range", .type = ArgType::Block, .flags = kOptional, .children = kRangeArgs},
};
constexpr HistoryEntry kBitcountHistory[] = {
    {"7.0.0", "Added the `BYTE|BIT` option."},
    {"8.0.0",
     "`end` made optional; when called without argument the command reports the last BYTE."},
};
constexpr HistoryEntry kBitposHistory[] = {{"7.0.0", "Added the `BYTE|BIT` option."}};

constexpr CommandSpec kCommands[] = {
    {.name = "SETBIT",
     .summary = "Sets one bit of a string, which grows as needed, and tells what it was.",
     .since = "2.2.0",
     .group = Group::Bitmap,
     .complexity = "O(1)",
     .arity = 4,
     .flags = kWrite | kDenyOom,
     .keys = kSetbitKeys,
     .args = kSetbitArgs,
     .run = setbit},
    {.name = "GETBIT",
     .summary = "Gets one bit of a string.",
     .since = "2.2.0",
     .group = Group::Bitmap,
     .complexity = "O(1)",
     .arity = 3,
     .flags = kReadOnly | kFast,
     .keys = kReadKeys,
     .args = kGetbitArgs,
     .run = getbit},
    {.name = "BITCOUNT",
     .summary = "Counts the bits of a string that are set.",
     .since = "2.6.0",
     .group = Group::Bitmap,
     .complexity = "O(N)",
     .arity = -2,
     .flags = kReadOnly,
     .keys = kReadKeys,
     .args = kBitcountArgs,
     .history = kBitcountHistory,
     .run = bitcount},
    {.name = "BITPOS",
     .summary = "Finds the first bit of a string that is set, or the first that is not.",
     .since = "2.8.7",
     .group = Group::Bitmap,
     .complexity = "O(N)",
     .arity = -3,
     .flags = kReadOnly,
     .keys = kReadKeys,
     .args = kBitposArgs,
     .history = kBitposHistory,
     .run = bitpos},
};

constexpr ErrorText kBadBit{"ERR bit is not an integer or out of range"};
constexpr ErrorText kBitWanted{"ERR The bit argument must be 1 or 0."};

Status setbit(Call& call) {
    const uint64_t offset = TRY(bit_offset(call, 2));
    const auto value = parse_integer(call.arg(3));
    if (!value || (*value != 0 && *value != 1)) return kBadBit;

    KeyEdit edit = TRY(call.edit(1, ValueType::String));
    const auto byte = static_cast<size_t>(offset >> 3);
    bool before = false;
    size_t bytes = 0;
    if (edit.exists()) {
        const StringText text(*edit.entry());
        before = bit_at(text.view(), offset);
        bytes = text.view().size();
    }
    if (byte >= bytes || before != (*value == 1)) {
        char* data = edit.grow_string(std::max(bytes, byte + 1));
        const auto mask = static_cast<uint8_t>(0x80 >> (offset & 7));
        const auto old = static_cast<uint8_t>(data[byte]);
        data[byte] = static_cast<char>(*value == 1 ? old | mask : old & ~mask);
        edit.commit(EventClass::String, "setbit");
    }
    call.reply().integer(before ? 1 : 0);
    return done();
}

Status getbit(Call& call) {
    const uint64_t offset = TRY(bit_offset(call, 2));
    const Entry* entry = TRY(call.find(1, ValueType::String));
    call.reply().integer(entry != nullptr && bit_at(StringText(*entry).view(), offset) ? 1 : 0);
    return done();
}

// `[start [end [BYTE|BIT]]]` from argument `at` on.
struct Range {
    int64_t first = 0;
    int64_t last = -1;
    bool in_bits = false;
    bool has_end = false;
};

Result<Range> range_arguments(Call& call, size_t at) {
    Range range;
    if (call.count() <= at) return range;
    if (call.count() > at + 3) return errors::kSyntax;
    range.first = TRY(call.integer(at));
    if (call.count() == at + 3) {
        range.in_bits = call.arg_is(at + 2, "BIT");
        if (!range.in_bits && !call.arg_is(at + 2, "BYTE")) return errors::kSyntax;
    }
    range.has_end = call.count() > at + 1;
    if (range.has_end) range.last = TRY(call.integer(at + 1));
    return range;
}

// Bits [begin, end) of a string; empty when nothing of the range lies in it.
struct BitRange {
    uint64_t begin = 0;
    uint64_t end = 0;
};

BitRange resolve(const Range& range, size_t bytes) {
    const auto units = static_cast<int64_t>(range.in_bits ? bytes * 8 : bytes);
    int64_t first = range.first;
    int64_t last = range.last;
    if (first < 0) first = std::max<int64_t>(first + units, 0);
    if (last < 0) last = std::max<int64_t>(last + units, 0);
    last = std::min(last, units - 1);
    if (first > last) return {};
    const uint64_t scale = range.in_bits ? 1 : 8;
    return {static_cast<uint64_t>(first) * scale, (static_cast<uint64_t>(last) + 1) * scale};
}

Status bitcount(Call& call) {
    const Range range = TRY(range_arguments(call, 2));
    const Entry* entry = TRY(call.find(1, ValueType::String));
    uint64_t total = 0;
    if (entry != nullptr) {
        const StringText text(*entry);
        // Compat: BITPOS makes ends before the string its beginning; here such a range is empty.
        const bool reversed = range.first < 0 && range.last < 0 && range.first > range.last;
        const BitRange bits = reversed ? BitRange{} : resolve(range, text.view().size());
        total = count_bits(text.view(), bits.begin, bits.end);
    }
    call.reply().integer(static_cast<int64_t>(total));
    return done();
}

// Compat: without an end the string counts as followed by zeros for ever, with one it ends there.
Status bitpos(Call& call) {
    const int64_t wanted = TRY(call.integer(2));
    if (wanted != 0 && wanted != 1) return kBitWanted;
    const Range range = TRY(range_arguments(call, 3));
    const Entry* entry = TRY(call.find(1, ValueType::String));
    if (entry == nullptr) {
        call.reply().integer(wanted == 1 ? -1 : 0);
        return done();
    }
    const StringText text(*entry);
    const BitRange bits = resolve(range, text.view().size());
    int64_t found = -1;
    if (bits.begin < bits.end) {
        const uint64_t at = find_bit(text.view(), bits.begin, bits.end, wanted == 1);
        if (at < bits.end || (wanted == 0 && !range.has_end)) found = static_cast<int64_t>(at);
    }
    call.reply().integer(found);
    return done();
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::bitmaps::bits
