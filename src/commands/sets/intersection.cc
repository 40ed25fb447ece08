// SPDX-License-Identifier: BSD-3-Clause
//
// SINTER, SINTERSTORE, SINTERCARD: what sets have in common.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/numbers.h"
#include "commands/support/set_operands.h"
#include "commands/support/values.h"
#include "engine/command.h"
#include "values/set.h"

namespace millrace::commands::sets::intersection {
namespace {

using namespace engine;
using namespace support;
using values::Set;

Status sinter(Call& call);
Status sinterstore(Call& call);
Status sintercard(Call& call);

constexpr KeySpec kSinterKeys[] = {{.first = 1, .last = -1, .flags = kRO | kKeyAccess}};
constexpr Arg kSinterArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0, .flags = kMultiple},
};
constexpr std::string_view kSinterTips[] = {"nondeterministic_output_order"};
constexpr KeySpec kSinterstoreKeys[] = {{.first = 1, .flags = kOW | kKeyUpdate},
                                        {.first = 2, .last = -1, .flags = kRO | kKeyAccess}};
constexpr Arg kSinterstoreArgs[] = {
    {.name = "destination", .type = ArgType::Key, .key_spec = 0},
    {.name = "key", .type = ArgType::Key, .key_spec = 1, .flags = kMultiple},
};
constexpr KeySpec kSintercardKeys[] = {{.first = 1,
                                        .find = KeyFind::KeyNumber,
                                        .number_at = 0,
                                        .keys_from = 1,
                                        .flags = kRO | kKeyAccess}};
constexpr Arg kSintercardArgs[] = {
    {.name = "numkeys", .type = ArgType::Integer},
    {.name = "key", .type = ArgType::Key, .key_spec = 0, .flags = kMultiple},
    {.name = "limit", .type = ArgType::Integer, .token = "LIMIT", .flags = kOptional},
};

constexpr CommandSpec kCommands[] = {
    {.name = "SINTER",
     .summary = "Gets the members that all of several sets have.",
     .since = "1.0.0",
     .group = Group::Set,
     .complexity = "O(N*M), N being the members of the smallest set and M the sets.",
     .arity = -2,
     .flags = kReadOnly,
     .keys = kSinterKeys,
     .args = kSinterArgs,
     .tips = kSinterTips,
     .run = sinter},
    {.name = "SINTERSTORE",
     .summary = "Stores the members that all of several sets have.",
     .since = "1.0.0",
     .group = Group::Set,
     .complexity = "O(N*M), N being the members of the smallest set and M the sets.",
     .arity = -3,
     .flags = kWrite | kDenyOom,
     .keys = kSinterstoreKeys,
     .args = kSinterstoreArgs,
     .run = sinterstore},
    {.name = "SINTERCARD",
     .summary = "Tells how many members all of several sets have.",
     .since = "7.0.0",
     .group = Group::Set,
     .complexity = "O(N*M), N being the members of the smallest set and M the sets.",
     .arity = -3,
     .flags = kReadOnly,
     .keys = kSintercardKeys,
     .args = kSintercardArgs,
     .run = sintercard},
};

// Visits what all the sets have in common, in the order of the smallest; the visitor returns false
// to stop.
template <typename Visitor>
void intersect(const std::vector<const Set*>& sets, Visitor&& visitor) {
    for_each_span(*sets.front(), [&](std::span<std::string_view> members) {
        for (size_t i = 1; i < sets.size(); ++i) {
            if (sets[i] != sets.front()) members = filter_members(members, *sets[i], true);
        }
        return std::all_of(members.begin(), members.end(), visitor);
    });
}

// The sets, smallest first; none if one of them is missing, so that nothing is in common.
Result<std::vector<const Set*>> by_size(Call& call, size_t first, size_t count) {
    std::vector<const Set*> sets = TRY(operands(call, first, count));
    if (std::find(sets.begin(), sets.end(), nullptr) != sets.end()) sets.clear();
    std::stable_sort(sets.begin(), sets.end(),
                     [](const Set* a, const Set* b) { return a->size() < b->size(); });
    return sets;
}

Status sinter(Call& call) {
    const std::vector<const Set*> sets = TRY(by_size(call, 1, call.count() - 1));
    if (sets.empty()) {
        call.reply().set(0);
        return done();
    }
    const size_t opened = call.reply().open();
    size_t found = 0;
    intersect(sets, [&](std::string_view member) {
        call.reply().bulk(member);
        ++found;
        return true;
    });
    call.reply().close_set(opened, found);
    return done();
}

Status sinterstore(Call& call) {
    const std::vector<const Set*> sets = TRY(by_size(call, 2, call.count() - 2));
    if (sets.empty()) return store_result(call, nullptr, "sinterstore");
    const values::GrowthRules rules = growth_rules(call);
    const bool integers = sets.front()->form() == Set::Form::Integers;
    auto result =
        std::make_unique<Set>(integers ? Set::Form::Integers : Set::Form::Pack, rules.seed);
    intersect(sets, [&](std::string_view member) {
        result->add(member, rules);
        return true;
    });
    result->become_integers_if_small(rules);
    return store_result(call, std::move(result), "sinterstore");
}

constexpr ErrorText kKeysNotPositive{"ERR numkeys should be greater than 0"};
constexpr ErrorText kTooManyKeys{"ERR Number of keys can't be greater than number of args"};
constexpr ErrorText kLimitNegative{"ERR LIMIT can't be negative"};

Status sintercard(Call& call) {
    const auto keys = call.integer(1);
    if (!keys.ok() || *keys < 1) return kKeysNotPositive;
    if (static_cast<uint64_t>(*keys) > call.count() - 2) return kTooManyKeys;
    const auto count = static_cast<size_t>(*keys);
    int64_t limit = 0;
    for (size_t at = 2 + count; at < call.count(); ++at) {
        if (!call.arg_is(at, "LIMIT") || at + 1 == call.count()) return errors::kSyntax;
        const auto number = call.integer(++at);
        if (!number.ok() || *number < 0) return kLimitNegative;
        limit = *number;
    }
    const std::vector<const Set*> sets = TRY(by_size(call, 2, count));
    int64_t found = 0;
    if (!sets.empty()) intersect(sets, [&](std::string_view) { return ++found != limit; });
    call.reply().integer(found);
    return done();
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::sets::intersection
