// SPDX-License-Identifier: BSD-3-Clause
//
// BITOP: AND, OR, XOR and NOT of whole strings.

#include <algorithm>
#include <cstdint>
#include <deque>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "commands/support/text.h"
#include "engine/command.h"

namespace millrace::commands::bitmaps::bitop {
namespace {

using namespace engine;
using namespace support;
using keyspace::Entry;
using keyspace::ValueType;

Status bitop(Call& call);

constexpr KeySpec kKeys[] = {
    {.first = 2, .flags = kOW | kKeyUpdate},
    {.first = 3, .last = -1, .flags = kRO | kKeyAccess},
};
constexpr Arg kOperations[] = {
    {.name = "and", .type = ArgType::PureToken, .token = "AND"},
    {.name = "or", .type = ArgType::PureToken, .token = "OR"},
    {.name = "xor", .type = ArgType::PureToken, .token = "XOR"},
    {.name = "not", .type = ArgType::PureToken, .token = "NOT"},
};
constexpr Arg kArgs[] = {
    {.name = "operation", .type = ArgType::OneOf, .children = kOperations},
    {"destkey", ArgType::Key, 0},
    {.name = "key", .type = ArgType::Key, .key_spec = 1, .flags = kMultiple},
};

constexpr CommandSpec kCommands[] = {
    {.name = "BITOP",
     .summary = "Combines strings bit by bit, and stores the outcome.",
     .since = "2.6.0",
     .group = Group::Bitmap,
     .complexity = "O(N)",
     .arity = -4,
     .flags = kWrite | kDenyOom,
     .keys = kKeys,
     .args = kArgs,
     .run = bitop},
};

constexpr ErrorText kOneSource{"ERR BITOP NOT must be called with a single source key."};

enum class Operation : uint8_t { And, Or, Xor, Not };

Result<Operation> operation_argument(const Call& call) {
    if (call.arg_is(1, "AND")) return Operation::And;
    if (call.arg_is(1, "OR")) return Operation::Or;
    if (call.arg_is(1, "XOR")) return Operation::Xor;
    if (call.arg_is(1, "NOT")) return Operation::Not;
    return errors::kSyntax;
}

// Eight bytes at a time; what is left, one at a time.
template <typename Combine>
void combine(char* into, std::string_view other, Combine&& combine_bits) {
    size_t i = 0;
    for (; i + sizeof(uint64_t) <= other.size(); i += sizeof(uint64_t)) {
        store(into + i, combine_bits(load<uint64_t>(into + i), load<uint64_t>(other.data() + i)));
    }
    for (; i < other.size(); ++i) {
        const auto mine = static_cast<uint8_t>(into[i]);
        into[i] = static_cast<char>(combine_bits(mine, static_cast<uint8_t>(other[i])));
    }
}

// A shorter string counts as followed by zeros.
void apply(Operation operation, std::span<char> into, std::string_view other) {
    switch (operation) {
        case Operation::And:
            combine(into.data(), other, [](uint64_t a, uint64_t b) { return a & b; });
            std::fill(into.begin() + static_cast<ptrdiff_t>(other.size()), into.end(), '\0');
            return;
        case Operation::Or:
            return combine(into.data(), other, [](uint64_t a, uint64_t b) { return a | b; });
        case Operation::Xor:
            return combine(into.data(), other, [](uint64_t a, uint64_t b) { return a ^ b; });
        case Operation::Not:
            return combine(into.data(), other, [](uint64_t, uint64_t b) { return ~b; });
    }
}

// The result, into bytes that nobody has written yet.
void compute(Operation operation, std::span<const std::string_view> sources, std::span<char> out) {
    const std::string_view first = sources.front();
    std::copy(first.begin(), first.end(), out.begin());
    std::fill(out.begin() + static_cast<ptrdiff_t>(first.size()), out.end(), '\0');
    if (operation == Operation::Not) return apply(operation, out, first);
    for (const std::string_view each : sources.subspan(1)) apply(operation, out, each);
}

Status bitop(Call& call) {
    const Operation operation = TRY(operation_argument(call));
    if (operation == Operation::Not && call.count() != 4) return kOneSource;
    std::deque<StringText> texts;
    std::vector<std::string_view> sources;
    size_t longest = 0;
    for (size_t at = 3; at < call.count(); ++at) {
        const Entry* entry = TRY(call.find(at, ValueType::String));
        sources.push_back(entry == nullptr ? std::string_view()
                                           : texts.emplace_back(*entry).view());
        longest = std::max(longest, sources.back().size());
    }
    KeyEdit edit = call.edit(2);
    if (longest > 0) {
        Entry* fresh = call.keyspace().builder().blank_string(
            edit.key(), longest, longest, keyspace::ExpiryRoom::No, keyspace::StringForm::Raw);
        compute(operation, sources, {fresh->mutable_string(), longest});
        edit.store(fresh);
        edit.commit(EventClass::String, "set");
    } else if (edit.exists()) {
        edit.remove();
        edit.commit(EventClass::Generic, "del");
    }
    call.reply().integer(static_cast<int64_t>(longest));
    return done();
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::bitmaps::bitop
