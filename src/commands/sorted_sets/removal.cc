// SPDX-License-Identifier: BSD-3-Clause
//
// ZREM, ZREMRANGEBYRANK, ZREMRANGEBYSCORE, ZREMRANGEBYLEX: elements go, and the key with the last.

#include <cstdint>

#include "commands/support/sorted_sets.h"
#include "engine/command.h"

namespace millrace::commands::sorted_sets::removal {
namespace {

using namespace engine;
using namespace support;
using values::SortedSet;

Status zrem(Call& call);
Status zremrangebyrank(Call& call);
Status zremrangebyscore(Call& call);
Status zremrangebylex(Call& call);

constexpr KeySpec kZremKeys[] = {{.first = 1, .flags = kRW | kKeyDelete}};
constexpr Arg kZremArgs[] = {
    {"key", ArgType::Key, 0},
    {.name = "member", .type = ArgType::String, .flags = kMultiple},
};
constexpr HistoryEntry kZremHistory[] = {
    {"2.4.0", "Takes several members."},
};
constexpr Arg kZremrangebyrankArgs[] = {
    {"key", ArgType::Key, 0},
    {"start", ArgType::Integer},
    {"stop", ArgType::Integer},
};
constexpr Arg kZremrangebyscoreArgs[] = {
    {"key", ArgType::Key, 0},
    {"min", ArgType::Double},
    {"max", ArgType::Double},
};
constexpr Arg kZremrangebylexArgs[] = {
    {"key", ArgType::Key, 0},
    {"min", ArgType::String},
    {"max", ArgType::String},
};

constexpr CommandSpec kCommands[] = {
    {.name = "ZREM",
     .summary = "Removes members, and the key with the last of them.",
     .since = "1.2.0",
     .group = Group::SortedSet,
     .complexity = "O(M*log(N)), N being the elements of the sorted set, M those to remove.",
     .arity = -3,
     .flags = kWrite | kFast,
     .keys = kZremKeys,
     .args = kZremArgs,
     .history = kZremHistory,
     .element = 2,
     .run = zrem},
    {.name = "ZREMRANGEBYRANK",
     .summary = "Removes the members in a range of places.",
     .since = "2.0.0",
     .group = Group::SortedSet,
     .complexity = "O(log(N)+M), N being the elements of the sorted set, M those removed.",
     .arity = 4,
     .flags = kWrite,
     .keys = kZremKeys,
     .args = kZremrangebyrankArgs,
     .run = zremrangebyrank},
    {.name = "ZREMRANGEBYSCORE",
     .summary = "Removes the members with scores in a range.",
     .since = "1.2.0",
     .group = Group::SortedSet,
     .complexity = "O(log(N)+M), N being the elements of the sorted set, M those removed.",
     .arity = 4,
     .flags = kWrite,
     .keys = kZremKeys,
     .args = kZremrangebyscoreArgs,
     .run = zremrangebyscore},
    {.name = "ZREMRANGEBYLEX",
     .summary = "Removes the members between two of them, where all scores are equal.",
     .since = "2.8.9",
     .group = Group::SortedSet,
     .complexity = "O(log(N)+M), N being the elements of the sorted set, M those removed.",
     .arity = 4,
     .flags = kWrite,
     .keys = kZremKeys,
     .args = kZremrangebylexArgs,
     .run = zremrangebylex},
};

void finish(Call& call, KeyEdit& edit, std::string_view event, uint64_t removed) {
    if (removed > 0) {
        edit.value_changed();
        edit.commit_or_remove(EventClass::SortedSet, event, removed);
    }
    call.reply().integer(static_cast<int64_t>(removed));
}

Status zrem(Call& call) {
    KeyEdit edit = TRY(call.edit(1, SortedSet::kType));
    uint64_t removed = 0;
    if (SortedSet* set = edit.value<SortedSet>()) {
        for (size_t at = 2; at < call.count() && set->size() > 0; ++at)
            removed += set->erase(call.arg(at)) ? 1 : 0;
    }
    finish(call, edit, "zrem", removed);
    return done();
}

// `span_in` tells which part of a sorted set is meant.
template <typename SpanIn>
Status remove_span(Call& call, std::string_view event, SpanIn&& span_in) {
    KeyEdit edit = TRY(call.edit(1, SortedSet::kType));
    SortedSet::Span span{0, 0};
    if (SortedSet* set = edit.value<SortedSet>()) {
        span = span_in(*set);
        set->erase(span);
    }
    finish(call, edit, event, span.count);
    return done();
}

Status zremrangebyrank(Call& call) {
    const int64_t start = TRY(call.integer(2));
    const int64_t stop = TRY(call.integer(3));
    return remove_span(call, "zremrangebyrank",
                       [&](const SortedSet& set) { return span_between(start, stop, set.size()); });
}

Status zremrangebyscore(Call& call) {
    const values::ScoreRange range = TRY(parse_score_range(call, 2, 3));
    return remove_span(call, "zremrangebyscore",
                       [&](const SortedSet& set) { return set.span_of(range); });
}

Status zremrangebylex(Call& call) {
    const values::MemberRange range = TRY(parse_member_range(call, 2, 3));
    return remove_span(call, "zremrangebylex",
                       [&](const SortedSet& set) { return set.span_of(range); });
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::sorted_sets::removal
