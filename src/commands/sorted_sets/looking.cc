// SPDX-License-Identifier: BSD-3-Clause
//
// ZCARD, ZSCORE, ZMSCORE, ZRANK, ZREVRANK, ZCOUNT, ZLEXCOUNT: questions about members and ranges.

#include <cstdint>
#include <optional>

#include "commands/support/sorted_sets.h"
#include "engine/command.h"

namespace millrace::commands::sorted_sets::looking {
namespace {

using namespace engine;
using namespace support;
using values::SortedSet;

Status zcard(Call& call);
Status zscore(Call& call);
Status zmscore(Call& call);
Status zrank(Call& call);
Status zrevrank(Call& call);
Status zcount(Call& call);
Status zlexcount(Call& call);

constexpr KeySpec kZcardKeys[] = {{.first = 1, .flags = kRO}};
constexpr Arg kZcardArgs[] = {
    {"key", ArgType::Key, 0},
};
constexpr KeySpec kZscoreKeys[] = {{.first = 1, .flags = kRO | kKeyAccess}};
constexpr Arg kZscoreArgs[] = {
    {"key", ArgType::Key, 0},
    {"member", ArgType::String},
};
constexpr Arg kZmscoreArgs[] = {
    {"key", ArgType::Key, 0},
    {.name = "member", .type = ArgType::String, .flags = kMultiple},
};
constexpr Arg kZrankArgs[] = {
    {"key", ArgType::Key, 0},
    {"member", ArgType::String},
    {.name = "withscore", .type = ArgType::PureToken, .token = "WITHSCORE", .flags = kOptional},
};
constexpr HistoryEntry kZrankHistory[] = {
    {"7.2.0", "New option `WITHSCORE`."},
};
constexpr Arg kZcountArgs[] = {
    {"key", ArgType::Key, 0},
    {"min", ArgType::Double},
    {"max", ArgType::Double},
};
constexpr Arg kZlexcountArgs[] = {
    {"key", ArgType::Key, 0},
    {"min", ArgType::String},
    {"max", ArgType::String},
};

constexpr CommandSpec kCommands[] = {
    {.name = "ZCARD",
     .summary = "Counts the members of a sorted set.",
     .since = "1.2.0",
     .group = Group::SortedSet,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kReadOnly | kFast,
     .keys = kZcardKeys,
     .args = kZcardArgs,
     .run = zcard},
    {.name = "ZSCORE",
     .summary = "Tells the score of a member.",
     .since = "1.2.0",
     .group = Group::SortedSet,
     .complexity = "O(1)",
     .arity = 3,
     .flags = kReadOnly | kFast,
     .keys = kZscoreKeys,
     .args = kZscoreArgs,
     .element = 2,
     .run = zscore},
    {.name = "ZMSCORE",
     .summary = "Tells the scores of several members.",
     .since = "6.2.0",
     .group = Group::SortedSet,
     .complexity = "O(N), N being the members asked for.",
     .arity = -3,
     .flags = kReadOnly | kFast,
     .keys = kZscoreKeys,
     .args = kZmscoreArgs,
     .element = 2,
     .run = zmscore},
    {.name = "ZRANK",
     .summary = "Tells the place of a member, counted from the lowest score.",
     .since = "2.0.0",
     .group = Group::SortedSet,
     .complexity = "O(log(N)), N being the elements of the sorted set.",
     .arity = -3,
     .flags = kReadOnly | kFast,
     .keys = kZscoreKeys,
     .args = kZrankArgs,
     .history = kZrankHistory,
     .element = 2,
     .run = zrank},
    {.name = "ZREVRANK",
     .summary = "Tells the place of a member, counted from the highest score.",
     .since = "2.0.0",
     .group = Group::SortedSet,
     .complexity = "O(log(N)), N being the elements of the sorted set.",
     .arity = -3,
     .flags = kReadOnly | kFast,
     .keys = kZscoreKeys,
     .args = kZrankArgs,
     .history = kZrankHistory,
     .element = 2,
     .run = zrevrank},
    {.name = "ZCOUNT",
     .summary = "Counts the members with scores in a range.",
     .since = "2.0.0",
     .group = Group::SortedSet,
     .complexity = "O(log(N)), N being the elements of the sorted set.",
     .arity = 4,
     .flags = kReadOnly | kFast,
     .keys = kZscoreKeys,
     .args = kZcountArgs,
     .run = zcount},
    {.name = "ZLEXCOUNT",
     .summary = "Counts the members between two of them, where all scores are equal.",
     .since = "2.8.9",
     .group = Group::SortedSet,
     .complexity = "O(log(N)), N being the elements of the sorted set.",
     .arity = 4,
     .flags = kReadOnly | kFast,
     .keys = kZscoreKeys,
     .args = kZlexcountArgs,
     .run = zlexcount},
};

void reply_score(Call& call, std::optional<double> score) {
    if (score)
        call.reply().double_number(*score);
    else
        call.reply().null();
}

Status zcard(Call& call) {
    const SortedSet* set = TRY(call.read<SortedSet>(1));
    call.reply().integer(set == nullptr ? 0 : static_cast<int64_t>(set->size()));
    return done();
}

Status zscore(Call& call) {
    const SortedSet* set = TRY(call.read<SortedSet>(1));
    reply_score(call, set == nullptr ? std::nullopt : set->score(call.arg(2)));
    return done();
}

Status zmscore(Call& call) {
    const SortedSet* set = TRY(call.read<SortedSet>(1));
    call.reply().array(call.count() - 2);
    for (size_t at = 2; at < call.count(); ++at)
        reply_score(call, set == nullptr ? std::nullopt : set->score(call.arg(at)));
    return done();
}

Status reply_rank(Call& call, bool from_the_end) {
    if (call.count() > 4) {
        return Error("ERR wrong number of arguments for '" + call.command().full_name() +
                     "' command");
    }
    const bool with_score = call.count() > 3;
    if (with_score && !call.arg_is(3, "WITHSCORE")) return errors::kSyntax;

    const SortedSet* set = TRY(call.read<SortedSet>(1));
    const auto found = set == nullptr ? std::nullopt : set->rank(call.arg(2));
    if (!found) {
        if (with_score)
            call.reply().null_array();
        else
            call.reply().null();
        return done();
    }
    if (with_score) call.reply().array(2);
    const uint64_t rank = from_the_end ? set->size() - 1 - found->rank : found->rank;
    call.reply().integer(static_cast<int64_t>(rank));
    if (with_score) call.reply().double_number(found->score);
    return done();
}

Status zrank(Call& call) {
    return reply_rank(call, false);
}

Status zrevrank(Call& call) {
    return reply_rank(call, true);
}

template <typename Range>
Status reply_count(Call& call, const Range& range) {
    const SortedSet* set = TRY(call.read<SortedSet>(1));
    call.reply().integer(set == nullptr ? 0 : static_cast<int64_t>(set->span_of(range).count));
    return done();
}

Status zcount(Call& call) {
    return reply_count(call, TRY(parse_score_range(call, 2, 3)));
}

Status zlexcount(Call& call) {
    return reply_count(call, TRY(parse_member_range(call, 2, 3)));
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::sorted_sets::looking
