// SPDX-License-Identifier: BSD-3-Clause
//
// BITFIELD, BITFIELD_RO: integers of 1 to 64 bits anywhere in a string.

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/numbers.h"
#include "base/token.h"
#include "commands/support/bits.h"
#include "commands/support/text.h"
#include "engine/command.h"
#include "engine/key_positions.h"

namespace millrace::commands::bitmaps::bitfield {
namespace {

using namespace engine;
using namespace support;
using keyspace::Entry;
using keyspace::ValueType;

Status bitfield(Call& call);
Status bitfield_ro(Call& call);

constexpr KeySpec kKeys[] = {
    {.flags = kRW | kKeyAccess | kKeyUpdate | kKeyVariableFlags,
     .notes = "This command allows both access and modification of the key"},
};
constexpr KeySpec kReadKeys[] = {{.flags = kRO | kKeyAccess}};
constexpr Arg kGetArgs[] = {{"encoding", ArgType::String}, {"offset", ArgType::Integer}};
constexpr Arg kOverflows[] = {
    {.name = "wrap", .type = ArgType::PureToken, .token = "WRAP"},
    {.name = "sat", .type = ArgType::PureToken, .token = "SAT"},
    {.name = "fail", .type = ArgType::PureToken, .token = "FAIL"},
};
constexpr Arg kSetArgs[] = {
    {"encoding", ArgType::String}, {"offset", ArgType::Integer}, {"value", ArgType::Integer}};
constexpr Arg kIncrbyArgs[] = {
    {"encoding", ArgType::String}, {"offset", ArgType::Integer}, {"increment", ArgType::Integer}};
constexpr Arg kWriteOperations[] = {
    {.name = "set-block", .type = ArgType::Block, .token = "SET", .children = kSetArgs},
    {.name = "incrby-block", .type = ArgType::Block, .token = "INCRBY", .children = kIncrbyArgs},
};
constexpr Arg kWriteArgs[] = {
    {.name = "overflow-block",
     .type = ArgType::OneOf,
     .token = "OVERFLOW",
     .flags = kOptional,
     .children = kOverflows},
    {.name = "write-operation", .type = ArgType::OneOf, .children = kWriteOperations},
};
constexpr Arg kOperations[] = {
    {.name = "get-block", .type = ArgType::Block, .token = "GET", .children = kGetArgs},
    {.name = "write", .type = ArgType::Block, .children = kWriteArgs},
};
constexpr Arg kArgs[] = {
    {"key", ArgType::Key, 0},
    {.name = "operation",
     .type = ArgType::OneOf,
     .flags = kOptional | kMultiple,
     .children = kOperations},
};
constexpr Arg kReadArgs[] = {
    {"key", ArgType::Key, 0},
    {.name = "get-block",
     .type = ArgType::Block,
     .token = "GET",
     .flags = kOptional | kMultiple | kMultipleToken,
     .children = kGetArgs},
};

// Only a command that is all GET does not change its key. Compat: one that makes no sense changes
// it.
bool find_bitfield_key(std::span<const std::string_view> arguments, KeyPositions& found) {
    bool reads_only = true;
    for (size_t at = 2; at < arguments.size();) {
        const size_t left = arguments.size() - at - 1;
        if (is_token(arguments[at], "GET") && left >= 2) {
            at += 3;
        } else if (is_token(arguments[at], "OVERFLOW") && left >= 1) {
            at += 2;
        } else {
            reads_only = false;
            break;
        }
    }
    found.add(1, reads_only ? kRO | kKeyAccess : kRW | kKeyAccess | kKeyUpdate);
    return true;
}

constexpr CommandSpec kCommands[] = {
    {.name = "BITFIELD",
     .summary = "Reads and changes integers of any width and place in a string.",
     .since = "3.2.0",
     .group = Group::Bitmap,
     .complexity = "O(1) for each subcommand specified",
     .arity = -2,
     .flags = kWrite | kDenyOom,
     .keys = kKeys,
     .args = kArgs,
     .find_keys = find_bitfield_key,
     .run = bitfield},
    {.name = "BITFIELD_RO",
     .summary = "Reads integers of any width and place in a string.",
     .since = "6.0.0",
     .group = Group::Bitmap,
     .complexity = "O(1) for each subcommand specified",
     .arity = -2,
     .flags = kReadOnly | kFast,
     .keys = kReadKeys,
     .args = kReadArgs,
     .run = bitfield_ro},
};

constexpr ErrorText kBadType{
    "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 "
    "is."};
constexpr ErrorText kBadOverflow{"ERR Invalid OVERFLOW type specified"};
constexpr ErrorText kOnlyGet{"ERR BITFIELD_RO only supports the GET subcommand"};

enum class Overflow : uint8_t { Wrap, Saturate, Fail };
enum class Verb : uint8_t { Get, Set, Increment };

struct Operation {
    Verb verb;
    Overflow overflow;
    bool is_signed;
    unsigned width;
    uint64_t offset;
    int64_t operand;
};

// --- arguments ---

Status type_argument(const Call& call, size_t at, Operation& operation) {
    const std::string_view text = call.arg(at);
    if (text.empty() || (text[0] != 'i' && text[0] != 'u')) return kBadType;
    operation.is_signed = text[0] == 'i';
    const auto width = parse_integer(text.substr(1));
    if (!width || *width < 1 || *width > (operation.is_signed ? 64 : 63)) return kBadType;
    operation.width = static_cast<unsigned>(*width);
    return done();
}

Result<Overflow> overflow_argument(const Call& call, size_t at) {
    if (call.arg_is(at, "WRAP")) return Overflow::Wrap;
    if (call.arg_is(at, "SAT")) return Overflow::Saturate;
    if (call.arg_is(at, "FAIL")) return Overflow::Fail;
    return kBadOverflow;
}

Result<std::vector<Operation>> operations_of(Call& call) {
    std::vector<Operation> operations;
    Overflow overflow = Overflow::Wrap;
    for (size_t at = 2; at < call.count();) {
        const size_t left = call.count() - at - 1;
        Operation operation{};
        if (call.arg_is(at, "GET") && left >= 2) {
            operation.verb = Verb::Get;
        } else if (call.arg_is(at, "SET") && left >= 3) {
            operation.verb = Verb::Set;
        } else if (call.arg_is(at, "INCRBY") && left >= 3) {
            operation.verb = Verb::Increment;
        } else if (call.arg_is(at, "OVERFLOW") && left >= 1) {
            overflow = TRY(overflow_argument(call, at + 1));
            at += 2;
            continue;
        } else {
            return errors::kSyntax;
        }
        operation.overflow = overflow;
        TRY(type_argument(call, at + 1, operation));
        operation.offset = TRY(bit_offset(call, at + 2, operation.width));
        if (operation.verb != Verb::Get) operation.operand = TRY(call.integer(at + 3));
        at += operation.verb == Verb::Get ? 3 : 4;
        operations.push_back(operation);
    }
    return operations;
}

// --- fields ---

// What lies behind the string's end is zero.
int64_t read_field(std::string_view bytes, const Operation& field) {
    uint64_t value = 0;
    for (unsigned i = 0; i < field.width; ++i)
        value = (value << 1) | (bit_at(bytes, field.offset + i) ? 1 : 0);
    const unsigned unused = 64 - field.width;
    if (!field.is_signed) return static_cast<int64_t>(value);
    return static_cast<int64_t>(value << unused) >> unused;
}

void write_field(char* bytes, const Operation& field, uint64_t value) {
    for (unsigned i = 0; i < field.width; ++i) {
        const uint64_t at = field.offset + i;
        const auto mask = static_cast<uint8_t>(0x80 >> (at & 7));
        const bool on = ((value >> (field.width - 1 - i)) & 1) != 0;
        const auto old = static_cast<uint8_t>(bytes[at >> 3]);
        bytes[at >> 3] = static_cast<char>(on ? old | mask : old & ~mask);
    }
}

struct Outcome {
    bool failed = false;
    int64_t value = 0;
};

// `base + step`, made to fit the field as its OVERFLOW says.
Outcome fit(const Operation& field, int64_t base, int64_t step) {
    const unsigned bits = field.width - (field.is_signed ? 1 : 0);  // At most 63.
    const auto high = static_cast<int64_t>((uint64_t{1} << bits) - 1);
    const int64_t low = field.is_signed ? -high - 1 : 0;
    int64_t sum = 0;
    const bool wide = __builtin_add_overflow(base, step, &sum);
    // Compat: a negative number SET to an unsigned field counts as a very large one.
    // Compat: so does one SET to a signed field that is further from its highest than a number
    // says.
    int64_t distance = 0;
    const bool huge =
        field.is_signed ? __builtin_sub_overflow(high, base, &distance) && base < low : base < 0;
    const bool above = huge || (wide ? step > 0 : sum > high);
    const bool below = !huge && (wide ? step < 0 : sum < low);
    if (!above && !below) return {.value = sum};
    switch (field.overflow) {
        case Overflow::Fail:
            return {.failed = true};
        case Overflow::Saturate:
            return {.value = above ? high : low};
        case Overflow::Wrap:
            break;
    }
    const unsigned unused = 64 - field.width;
    const uint64_t wrapped = (static_cast<uint64_t>(base) + static_cast<uint64_t>(step)) << unused;
    return {.value = field.is_signed ? static_cast<int64_t>(wrapped) >> unused
                                     : static_cast<int64_t>(wrapped >> unused)};
}

Outcome change(const Operation& operation, int64_t before) {
    return operation.verb == Verb::Set ? fit(operation, operation.operand, 0)
                                       : fit(operation, before, operation.operand);
}

// --- commands ---

Status read_only(Call& call, const std::vector<Operation>& operations) {
    const Entry* entry = TRY(call.find(1, ValueType::String));
    std::string text;
    if (entry != nullptr) text = StringText(*entry).view();
    call.reply().array(operations.size());
    for (const Operation& operation : operations) call.reply().integer(read_field(text, operation));
    return done();
}

// Bytes that hold every field that is written.
size_t bytes_for(const std::vector<Operation>& operations) {
    uint64_t bits = 0;
    for (const Operation& operation : operations) {
        if (operation.verb != Verb::Get) bits = std::max(bits, operation.offset + operation.width);
    }
    return static_cast<size_t>((bits + 7) >> 3);
}

Status bitfield(Call& call) {
    const std::vector<Operation> operations = TRY(operations_of(call));
    const size_t bytes_needed = bytes_for(operations);
    if (bytes_needed == 0) return read_only(call, operations);

    KeyEdit edit = TRY(call.edit(1, ValueType::String));
    const size_t bytes_before = edit.exists() ? StringText(*edit.entry()).view().size() : 0;
    const size_t bytes = std::max(bytes_before, bytes_needed);
    const bool grows = bytes > bytes_before;
    char* data = edit.grow_string(bytes);
    uint64_t changes = 0;
    call.reply().array(operations.size());
    for (const Operation& operation : operations) {
        const int64_t before = read_field({data, bytes}, operation);
        if (operation.verb == Verb::Get) {
            call.reply().integer(before);
            continue;
        }
        const Outcome after = change(operation, before);
        if (after.failed) {
            call.reply().null();
            continue;
        }
        write_field(data, operation, static_cast<uint64_t>(after.value));
        if (grows || after.value != before) ++changes;
        call.reply().integer(operation.verb == Verb::Set ? before : after.value);
    }
    edit.commit(EventClass::String, changes > 0 ? "setbit" : "", changes);
    return done();
}

Status bitfield_ro(Call& call) {
    const std::vector<Operation> operations = TRY(operations_of(call));
    for (const Operation& operation : operations) {
        if (operation.verb != Verb::Get) return kOnlyGet;
    }
    return read_only(call, operations);
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::bitmaps::bitfield
