// SPDX-License-Identifier: BSD-3-Clause
//
// ZADD, ZINCRBY: members get scores.

#include <vector>

#include "commands/support/scores.h"
#include "engine/command.h"

namespace millrace::commands::sorted_sets::adding {
namespace {

using namespace engine;
using namespace support;
using values::ScoredMember;

Status zadd(Call& call);
Status zincrby(Call& call);

constexpr KeySpec kZaddKeys[] = {{.first = 1, .flags = kRW | kKeyUpdate}};
constexpr Arg kZaddConditionArgs[] = {
    {.name = "nx", .type = ArgType::PureToken, .token = "NX"},
    {.name = "xx", .type = ArgType::PureToken, .token = "XX"},
};
constexpr Arg kZaddComparisonArgs[] = {
    {.name = "gt", .type = ArgType::PureToken, .token = "GT"},
    {.name = "lt", .type = ArgType::PureToken, .token = "LT"},
};
constexpr Arg kZaddDataArgs[] = {
    {"score", ArgType::Double},
    {"member", ArgType::String},
};
constexpr Arg kZaddArgs[] = {
    {"key", ArgType::Key, 0},
    {.name = "condition",
     .type = ArgType::OneOf,
     .flags = kOptional,
     .children = kZaddConditionArgs,
     .since = "3.0.2"},
    {.name = "comparison",
     .type = ArgType::OneOf,
     .flags = kOptional,
     .children = kZaddComparisonArgs,
     .since = "6.2.0"},
    {.name = "change",
     .type = ArgType::PureToken,
     .token = "CH",
     .flags = kOptional,
     .since = "3.0.2"},
    {.name = "increment",
     .type = ArgType::PureToken,
     .token = "INCR",
     .flags = kOptional,
     .since = "3.0.2"},
    {.name = "data", .type = ArgType::Block, .flags = kMultiple, .children = kZaddDataArgs},
};
constexpr HistoryEntry kZaddHistory[] = {
    {"2.4.0", "Takes several members."},
    {"3.0.2", "New options `XX`, `NX`, `CH` and `INCR`."},
    {"6.2.0", "New options `GT` and `LT`."},
};
constexpr KeySpec kZincrbyKeys[] = {{.first = 1, .flags = kRW | kKeyAccess | kKeyUpdate}};
constexpr Arg kZincrbyArgs[] = {
    {"key", ArgType::Key, 0},
    {"increment", ArgType::Integer},
    {"member", ArgType::String},
};

constexpr CommandSpec kCommands[] = {
    {.name = "ZADD",
     .summary = "Gives members scores in a sorted set, and adds those that are not there yet.",
     .since = "1.2.0",
     .group = Group::SortedSet,
     .complexity = "O(log(N)) for each member, N being the elements of the sorted set.",
     .arity = -4,
     .flags = kWrite | kDenyOom | kFast,
     .keys = kZaddKeys,
     .args = kZaddArgs,
     .history = kZaddHistory,
     .element = 3,
     .run = zadd},
    {.name = "ZINCRBY",
     .summary = "Adds to the score of a member.",
     .since = "1.2.0",
     .group = Group::SortedSet,
     .complexity = "O(log(N)), N being the elements of the sorted set.",
     .arity = 4,
     .flags = kWrite | kDenyOom | kFast,
     .keys = kZincrbyKeys,
     .args = kZincrbyArgs,
     .element = 3,
     .run = zincrby},
};

// Adds the options from argument 2 on; the first score stands at `at` then.
void parse_options(const Call& call, size_t& at, ScoreOptions& options) {
    for (; at < call.count(); ++at) {
        if (call.arg_is(at, "NX")) {
            options.only_missing = true;
        } else if (call.arg_is(at, "XX")) {
            options.only_existing = true;
        } else if (call.arg_is(at, "GT")) {
            options.only_greater = true;
        } else if (call.arg_is(at, "LT")) {
            options.only_less = true;
        } else if (call.arg_is(at, "CH")) {
            options.count_changed = true;
        } else if (call.arg_is(at, "INCR")) {
            options.increment = true;
        } else {
            break;
        }
    }
}

// Options, then scores and members in turns.
Status add(Call& call, ScoreOptions options) {
    size_t first = 2;
    parse_options(call, first, options);
    const size_t words = call.count() - first;
    if (words == 0 || words % 2 != 0) return errors::kSyntax;
    TRY(check_score_options(options, words / 2));
    std::vector<ScoredMember> elements;
    elements.reserve(words / 2);
    for (size_t at = first; at < call.count(); at += 2)
        elements.push_back({TRY(call.number(at)), call.arg(at + 1)});
    return put_scores(call, options, elements);
}

Status zadd(Call& call) {
    return add(call, {});
}

Status zincrby(Call& call) {
    // Compat: what stands for the increment may be an option of ZADD; then a pair is missing.
    return add(call, {.increment = true});
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::sorted_sets::adding
