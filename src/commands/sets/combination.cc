// SPDX-License-Identifier: BSD-3-Clause
//
// SUNION, SUNIONSTORE, SDIFF, SDIFFSTORE: the members of any set, and those of the first alone.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "commands/support/set_operands.h"
#include "commands/support/values.h"
#include "engine/command.h"
#include "values/set.h"

namespace millrace::commands::sets::combination {
namespace {

using namespace engine;
using namespace support;
using values::Set;

Status sunion(Call& call);
Status sunionstore(Call& call);
Status sdiff(Call& call);
Status sdiffstore(Call& call);

constexpr KeySpec kSunionKeys[] = {{.first = 1, .last = -1, .flags = kRO | kKeyAccess}};
constexpr Arg kSunionArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0, .flags = kMultiple},
};
constexpr std::string_view kSunionTips[] = {"nondeterministic_output_order"};
constexpr KeySpec kSunionstoreKeys[] = {{.first = 1, .flags = kOW | kKeyUpdate},
                                        {.first = 2, .last = -1, .flags = kRO | kKeyAccess}};
constexpr Arg kSunionstoreArgs[] = {
    {.name = "destination", .type = ArgType::Key, .key_spec = 0},
    {.name = "key", .type = ArgType::Key, .key_spec = 1, .flags = kMultiple},
};

constexpr CommandSpec kCommands[] = {
    {.name = "SUNION",
     .summary = "Gets the members that any of several sets has.",
     .since = "1.0.0",
     .group = Group::Set,
     .complexity = "O(N), N being the members of all sets.",
     .arity = -2,
     .flags = kReadOnly,
     .keys = kSunionKeys,
     .args = kSunionArgs,
     .tips = kSunionTips,
     .run = sunion},
    {.name = "SUNIONSTORE",
     .summary = "Stores the members that any of several sets has.",
     .since = "1.0.0",
     .group = Group::Set,
     .complexity = "O(N), N being the members of all sets.",
     .arity = -3,
     .flags = kWrite | kDenyOom,
     .keys = kSunionstoreKeys,
     .args = kSunionstoreArgs,
     .run = sunionstore},
    {.name = "SDIFF",
     .summary = "Gets the members of the first set that no other one has.",
     .since = "1.0.0",
     .group = Group::Set,
     .complexity = "O(N), N being the members of all sets.",
     .arity = -2,
     .flags = kReadOnly,
     .keys = kSunionKeys,
     .args = kSunionArgs,
     .tips = kSunionTips,
     .run = sdiff},
    {.name = "SDIFFSTORE",
     .summary = "Stores the members of the first set that no other one has.",
     .since = "1.0.0",
     .group = Group::Set,
     .complexity = "O(N), N being the members of all sets.",
     .arity = -3,
     .flags = kWrite | kDenyOom,
     .keys = kSunionstoreKeys,
     .args = kSunionstoreArgs,
     .run = sdiffstore},
};

using Sets = std::vector<const Set*>;

// An empty set to collect members in. What is stored begins as integers, and becomes what its
// members ask for; a mere reply is collected in a table unless all sets are integers.
std::unique_ptr<Set> make_result(Call& call, const Sets& sets, bool stores) {
    const auto is_integers = [](const Set* set) {
        return set == nullptr || set->form() == Set::Form::Integers;
    };
    const bool integers = stores || std::all_of(sets.begin(), sets.end(), is_integers);
    return std::make_unique<Set>(integers ? Set::Form::Integers : Set::Form::Table,
                                 call.keyspace().seed());
}

std::unique_ptr<Set> unite(Call& call, const Sets& sets, bool stores) {
    const values::GrowthRules rules = growth_rules(call);
    auto result = make_result(call, sets, stores);
    for (const Set* set : sets) {
        if (set == nullptr) continue;
        for_each_span(*set, [&](std::span<const std::string_view> members) {
            fetch_members(*result, members);
            for (const std::string_view member : members) result->add(member, rules);
            return true;
        });
    }
    return result;
}

// Whether looking up each member of the first set in the others costs less than taking the members
// of the others out of a copy of the first.
// Compat: the way decides which encoding the result ends with.
bool looks_up(const Sets& sets) {
    uint64_t lookups = 0;
    uint64_t members = 0;
    for (const Set* set : sets) {
        if (set == nullptr) continue;
        lookups += sets.front()->size();
        members += set->size();
    }
    return lookups / 2 <= members;
}

std::unique_ptr<Set> subtract(Call& call, Sets sets, bool stores) {
    const values::GrowthRules rules = growth_rules(call);
    auto result = make_result(call, sets, stores);
    const Set* first = sets.front();
    const bool nothing = first == nullptr || std::count(sets.begin(), sets.end(), first) > 1;
    if (nothing) return result;
    if (!looks_up(sets)) {
        first->for_each([&](std::string_view member) { result->add(member, rules); });
        for (size_t i = 1; i < sets.size() && result->size() > 0; ++i) {
            if (sets[i] == nullptr) continue;
            for_each_span(*sets[i], [&](std::span<const std::string_view> members) {
                fetch_members(*result, members);
                for (const std::string_view member : members) result->erase(member);
                return true;
            });
        }
        return result;
    }
    sets.erase(std::remove(sets.begin(), sets.end(), nullptr), sets.end());
    // A member is most likely found in a large set.
    std::stable_sort(sets.begin() + 1, sets.end(),
                     [](const Set* a, const Set* b) { return a->size() > b->size(); });
    for_each_span(*first, [&](std::span<std::string_view> members) {
        for (size_t i = 1; i < sets.size(); ++i)
            members = filter_members(members, *sets[i], false);
        for (const std::string_view member : members) result->add(member, rules);
        return true;
    });
    return result;
}

Status reply_members(Call& call, const Set& set) {
    call.reply().set(set.size());
    set.for_each([&](std::string_view member) { call.reply().bulk(member); });
    return done();
}

Status sunion(Call& call) {
    const Sets sets = TRY(operands(call, 1, call.count() - 1));
    return reply_members(call, *unite(call, sets, false));
}

Status sunionstore(Call& call) {
    const Sets sets = TRY(operands(call, 2, call.count() - 2));
    return store_result(call, unite(call, sets, true), "sunionstore");
}

Status sdiff(Call& call) {
    const Sets sets = TRY(operands(call, 1, call.count() - 1));
    return reply_members(call, *subtract(call, sets, false));
}

Status sdiffstore(Call& call) {
    const Sets sets = TRY(operands(call, 2, call.count() - 2));
    return store_result(call, subtract(call, sets, true), "sdiffstore");
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::sets::combination
