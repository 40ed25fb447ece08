// SPDX-License-Identifier: BSD-3-Clause
//
// ZRANGE and its older forms ZREVRANGE, ZRANGEBYSCORE, ZREVRANGEBYSCORE, ZRANGEBYLEX,
// ZREVRANGEBYLEX; ZRANGESTORE: parts of a sorted set by rank, score or member.

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "commands/support/sorted_sets.h"
#include "engine/command.h"

namespace millrace::commands::sorted_sets::ranges {
namespace {

using namespace engine;
using namespace support;
using values::ScoredMember;
using values::SortedSet;

Status zrange(Call& call);
Status zrangestore(Call& call);
Status zrevrange(Call& call);
Status zrangebyscore(Call& call);
Status zrevrangebyscore(Call& call);
Status zrangebylex(Call& call);
Status zrevrangebylex(Call& call);

constexpr KeySpec kZrangeKeys[] = {{.first = 1, .flags = kRO | kKeyAccess}};
constexpr Arg kZrangeSortbyArgs[] = {
    {.name = "byscore", .type = ArgType::PureToken, .token = "BYSCORE"},
    {.name = "bylex", .type = ArgType::PureToken, .token = "BYLEX"},
};
constexpr Arg kZrangeLimitArgs[] = {
    {"offset", ArgType::Integer},
    {"count", ArgType::Integer},
};
constexpr Arg kZrangeArgs[] = {
    {"key", ArgType::Key, 0},
    {"start", ArgType::String},
    {"stop", ArgType::String},
    {.name = "sortby",
     .type = ArgType::OneOf,
     .flags = kOptional,
     .children = kZrangeSortbyArgs,
     .since = "6.2.0"},
    {.name = "rev",
     .type = ArgType::PureToken,
     .token = "REV",
     .flags = kOptional,
     .since = "6.2.0"},
    {.name = "limit",
     .type = ArgType::Block,
     .token = "LIMIT",
     .flags = kOptional,
     .children = kZrangeLimitArgs,
     .since = "6.2.0"},
    {.name = "withscores", .type = ArgType::PureToken, .token = "WITHSCORES", .flags = kOptional},
};
constexpr HistoryEntry kZrangeHistory[] = {
    {"6.2.0", "New options `REV`, `BYSCORE`, `BYLEX` and `LIMIT`."},
};
constexpr KeySpec kZrangestoreKeys[] = {{.first = 1, .flags = kOW | kKeyUpdate},
                                        {.first = 2, .flags = kRO | kKeyAccess}};
constexpr Arg kZrangestoreArgs[] = {
    {"dst", ArgType::Key, 0},
    {"src", ArgType::Key, 1},
    {"min", ArgType::String},
    {"max", ArgType::String},
    {.name = "sortby", .type = ArgType::OneOf, .flags = kOptional, .children = kZrangeSortbyArgs},
    {.name = "rev", .type = ArgType::PureToken, .token = "REV", .flags = kOptional},
    {.name = "limit",
     .type = ArgType::Block,
     .token = "LIMIT",
     .flags = kOptional,
     .children = kZrangeLimitArgs},
};
constexpr Arg kZrevrangeArgs[] = {
    {"key", ArgType::Key, 0},
    {"start", ArgType::Integer},
    {"stop", ArgType::Integer},
    {.name = "withscores", .type = ArgType::PureToken, .token = "WITHSCORES", .flags = kOptional},
};
constexpr Arg kZrangebyscoreArgs[] = {
    {"key", ArgType::Key, 0},
    {"min", ArgType::Double},
    {"max", ArgType::Double},
    {.name = "withscores",
     .type = ArgType::PureToken,
     .token = "WITHSCORES",
     .flags = kOptional,
     .since = "2.0.0"},
    {.name = "limit",
     .type = ArgType::Block,
     .token = "LIMIT",
     .flags = kOptional,
     .children = kZrangeLimitArgs},
};
constexpr HistoryEntry kZrangebyscoreHistory[] = {
    {"2.0.0", "New option `WITHSCORES`."},
};
constexpr Arg kZrevrangebyscoreArgs[] = {
    {"key", ArgType::Key, 0},
    {"max", ArgType::Double},
    {"min", ArgType::Double},
    {.name = "withscores", .type = ArgType::PureToken, .token = "WITHSCORES", .flags = kOptional},
    {.name = "limit",
     .type = ArgType::Block,
     .token = "LIMIT",
     .flags = kOptional,
     .children = kZrangeLimitArgs},
};
constexpr HistoryEntry kZrevrangebyscoreHistory[] = {
    {"2.1.6", "`min` and `max` may be exclusive."},
};
constexpr Arg kZrangebylexArgs[] = {
    {"key", ArgType::Key, 0},
    {"min", ArgType::String},
    {"max", ArgType::String},
    {.name = "limit",
     .type = ArgType::Block,
     .token = "LIMIT",
     .flags = kOptional,
     .children = kZrangeLimitArgs},
};
constexpr Arg kZrevrangebylexArgs[] = {
    {"key", ArgType::Key, 0},
    {"max", ArgType::String},
    {"min", ArgType::String},
    {.name = "limit",
     .type = ArgType::Block,
     .token = "LIMIT",
     .flags = kOptional,
     .children = kZrangeLimitArgs},
};

constexpr CommandSpec kCommands[] = {
    {.name = "ZRANGE",
     .summary = "Lists the members in a range of places, scores or names.",
     .since = "1.2.0",
     .group = Group::SortedSet,
     .complexity = "O(log(N)+M), N being the elements of the sorted set, M those listed.",
     .arity = -4,
     .flags = kReadOnly,
     .keys = kZrangeKeys,
     .args = kZrangeArgs,
     .history = kZrangeHistory,
     .run = zrange},
    {.name = "ZRANGESTORE",
     .summary = "Stores the members in a range of places, scores or names.",
     .since = "6.2.0",
     .group = Group::SortedSet,
     .complexity = "O(log(N)+M), N being the elements of the sorted set, M those stored.",
     .arity = -5,
     .flags = kWrite | kDenyOom,
     .keys = kZrangestoreKeys,
     .args = kZrangestoreArgs,
     .run = zrangestore},
    {.name = "ZREVRANGE",
     .summary = "Lists the members in a range of places, counted from the highest score.",
     .since = "1.2.0",
     .group = Group::SortedSet,
     .complexity = "O(log(N)+M), N being the elements of the sorted set, M those listed.",
     .arity = -4,
     .flags = kReadOnly,
     .keys = kZrangeKeys,
     .args = kZrevrangeArgs,
     .run = zrevrange},
    {.name = "ZRANGEBYSCORE",
     .summary = "Lists the members with scores in a range, lowest first.",
     .since = "1.0.5",
     .group = Group::SortedSet,
     .complexity = "O(log(N)+M), N being the elements of the sorted set, M those listed.",
     .arity = -4,
     .flags = kReadOnly,
     .keys = kZrangeKeys,
     .args = kZrangebyscoreArgs,
     .history = kZrangebyscoreHistory,
     .run = zrangebyscore},
    {.name = "ZREVRANGEBYSCORE",
     .summary = "Lists the members with scores in a range, highest first.",
     .since = "2.2.0",
     .group = Group::SortedSet,
     .complexity = "O(log(N)+M), N being the elements of the sorted set, M those listed.",
     .arity = -4,
     .flags = kReadOnly,
     .keys = kZrangeKeys,
     .args = kZrevrangebyscoreArgs,
     .history = kZrevrangebyscoreHistory,
     .run = zrevrangebyscore},
    {.name = "ZRANGEBYLEX",
     .summary = "Lists the members between two of them, where all scores are equal.",
     .since = "2.8.9",
     .group = Group::SortedSet,
     .complexity = "O(log(N)+M), N being the elements of the sorted set, M those listed.",
     .arity = -4,
     .flags = kReadOnly,
     .keys = kZrangeKeys,
     .args = kZrangebylexArgs,
     .run = zrangebylex},
    {.name = "ZREVRANGEBYLEX",
     .summary = "Lists the members between two of them backwards, where all scores are equal.",
     .since = "2.8.9",
     .group = Group::SortedSet,
     .complexity = "O(log(N)+M), N being the elements of the sorted set, M those listed.",
     .arity = -4,
     .flags = kReadOnly,
     .keys = kZrangeKeys,
     .args = kZrevrangebylexArgs,
     .run = zrevrangebylex},
};

constexpr ErrorText kLimitOfRanks{
    "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX"};
constexpr ErrorText kScoresByMember{
    "ERR syntax error, WITHSCORES not supported in combination with BYLEX"};

enum class By : uint8_t { Unsaid, Rank, Score, Member };
enum class Direction : uint8_t { Unsaid, Forward, Backward };

// What a command asks for; the key is argument `key_at`, the two bounds follow it.
struct Request {
    size_t key_at = 1;
    bool stores = false;  // The target is argument 1.
    By by = By::Unsaid;
    Direction direction = Direction::Unsaid;
    WithScores with_scores = WithScores::No;
    int64_t offset = 0;
    int64_t limit = -1;
};

Status parse_options(const Call& call, Request& request) {
    for (size_t at = request.key_at + 3; at < call.count(); ++at) {
        if (!request.stores && call.arg_is(at, "WITHSCORES")) {
            request.with_scores = WithScores::Yes;
        } else if (call.arg_is(at, "LIMIT") && at + 2 < call.count()) {
            request.offset = TRY(call.integer(at + 1));
            request.limit = TRY(call.integer(at + 2));
            at += 2;
        } else if (request.direction == Direction::Unsaid && call.arg_is(at, "REV")) {
            request.direction = Direction::Backward;
        } else if (request.by == By::Unsaid && call.arg_is(at, "BYLEX")) {
            request.by = By::Member;
        } else if (request.by == By::Unsaid && call.arg_is(at, "BYSCORE")) {
            request.by = By::Score;
        } else {
            return errors::kSyntax;
        }
    }
    if (request.direction == Direction::Unsaid) request.direction = Direction::Forward;
    if (request.by == By::Unsaid) request.by = By::Rank;
    if (request.limit != -1 && request.by == By::Rank) return kLimitOfRanks;
    if (request.with_scores == WithScores::Yes && request.by == By::Member) return kScoresByMember;
    return done();
}

// The elements asked for, in the order of the reply: `count` from rank `first` on.
struct Selection {
    uint64_t first = 0;
    uint64_t count = 0;
    bool backward = false;
};

// Compat: in the large form a negative offset counts from the end of the range, in the small one it
// leaves nothing.
Selection limited(const Request& request, const SortedSet& set, SortedSet::Span span) {
    const bool backward = request.direction == Direction::Backward;
    const auto count = static_cast<int64_t>(span.count);
    int64_t skipped = request.offset;
    if (skipped < 0) {
        if (set.listpack() != nullptr || skipped < -count) return {};
        skipped += count;
    }
    if (skipped >= count) return {};
    const auto left = static_cast<uint64_t>(count - skipped);
    const uint64_t wanted =
        request.limit < 0 ? left : std::min(left, static_cast<uint64_t>(request.limit));
    const auto passed = static_cast<uint64_t>(skipped);
    return {backward ? span.first + span.count - 1 - passed : span.first + passed, wanted,
            backward};
}

Selection select_ranks(const Request& request, const SortedSet& set, int64_t start, int64_t stop) {
    const auto span = span_between(start, stop, set.size());
    if (request.direction == Direction::Forward) return {span.first, span.count, false};
    return {set.size() - 1 - span.first, span.count, true};
}

struct Bounds {
    int64_t start = 0;
    int64_t stop = 0;
    values::ScoreRange scores{0, 0};
    values::MemberRange members{};
};

Result<Bounds> parse_bounds(const Call& call, const Request& request) {
    const size_t first = request.key_at + 1;
    const bool backward = request.direction == Direction::Backward;
    const size_t min_at = backward ? first + 1 : first;
    const size_t max_at = backward ? first : first + 1;
    Bounds bounds;
    switch (request.by) {
        case By::Unsaid:
        case By::Rank:
            bounds.start = TRY(call.integer(first));
            bounds.stop = TRY(call.integer(first + 1));
            break;
        case By::Score:
            bounds.scores = TRY(parse_score_range(call, min_at, max_at));
            break;
        case By::Member:
            bounds.members = TRY(parse_member_range(call, min_at, max_at));
            break;
    }
    return bounds;
}

Selection select(const Request& request, const SortedSet& set, const Bounds& bounds) {
    switch (request.by) {
        case By::Score:
            return limited(request, set, set.span_of(bounds.scores));
        case By::Member:
            return limited(request, set, set.span_of(bounds.members));
        default:
            return select_ranks(request, set, bounds.start, bounds.stop);
    }
}

void reply_selection(Call& call, const SortedSet& set, const Selection& selection,
                     WithScores with_scores) {
    reply_elements_header(call, selection.count, with_scores);
    if (selection.count == 0) return;
    SortedSet::Cursor cursor = set.at(selection.first);
    for (uint64_t i = 0; i < selection.count; ++i, cursor.step(selection.backward))
        reply_element(call, cursor, with_scores);
}

void store_selection(Call& call, const SortedSet& set, const Selection& selection, By by) {
    Arena texts;
    std::vector<ScoredMember> elements;
    if (selection.count > 0) {
        elements.reserve(selection.count);
        // Compat: -0 becomes 0 in what is packed at first, until it is too much for that. How much
        // it will be is known beforehand of ranks only.
        const SortedSet::Limits limits = support::limits(call);
        bool packed = by == By::Score || by == By::Member || limits.allow(selection.count, 0);
        SortedSet::Cursor cursor = set.at(selection.first);
        for (uint64_t i = 0; i < selection.count; ++i, cursor.step(selection.backward)) {
            packed = packed && limits.allow(i + 1, cursor.member().size());
            const double score = packed && cursor.score() == 0 ? 0 : cursor.score();
            elements.push_back({score, texts.copy(cursor.member())});
        }
        if (selection.backward) std::reverse(elements.begin(), elements.end());
    }
    store_elements(call, 1, "zrangestore", elements);
}

Status run(Call& call, Request request) {
    TRY(parse_options(call, request));
    const Bounds bounds = TRY(parse_bounds(call, request));
    const SortedSet* set = TRY(call.read<SortedSet>(request.key_at));
    if (set == nullptr) {
        if (request.stores)
            store_elements(call, 1, "zrangestore", {});
        else
            call.reply().array(0);
        return done();
    }
    const Selection selection = select(request, *set, bounds);
    if (request.stores)
        store_selection(call, *set, selection, request.by);
    else
        reply_selection(call, *set, selection, request.with_scores);
    return done();
}

Status zrange(Call& call) {
    return run(call, {});
}

Status zrangestore(Call& call) {
    return run(call, {.key_at = 2, .stores = true});
}

Status zrevrange(Call& call) {
    return run(call, {.by = By::Rank, .direction = Direction::Backward});
}

Status zrangebyscore(Call& call) {
    return run(call, {.by = By::Score, .direction = Direction::Forward});
}

Status zrevrangebyscore(Call& call) {
    return run(call, {.by = By::Score, .direction = Direction::Backward});
}

Status zrangebylex(Call& call) {
    return run(call, {.by = By::Member, .direction = Direction::Forward});
}

Status zrevrangebylex(Call& call) {
    return run(call, {.by = By::Member, .direction = Direction::Backward});
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::sorted_sets::ranges
