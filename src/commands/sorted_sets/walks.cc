// SPDX-License-Identifier: BSD-3-Clause
//
// ZRANDMEMBER, ZSCAN: members at random, and all of them step by step.

#include <cstdint>
#include <cstdio>
#include <limits>
#include <numeric>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/numbers.h"
#include "commands/support/scan.h"
#include "commands/support/sorted_sets.h"
#include "commands/support/text.h"
#include "engine/command.h"

namespace millrace::commands::sorted_sets::walks {
namespace {

using namespace engine;
using namespace support;
using values::SortedSet;

Status zrandmember(Call& call);
Status zscan(Call& call);

constexpr KeySpec kZrandmemberKeys[] = {{.first = 1, .flags = kRO | kKeyAccess}};
constexpr Arg kZrandmemberOptionsArgs[] = {
    {"count", ArgType::Integer},
    {.name = "withscores", .type = ArgType::PureToken, .token = "WITHSCORES", .flags = kOptional},
};
constexpr Arg kZrandmemberArgs[] = {
    {"key", ArgType::Key, 0},
    {.name = "options",
     .type = ArgType::Block,
     .flags = kOptional,
     .children = kZrandmemberOptionsArgs},
};
constexpr std::string_view kZrandmemberTips[] = {"nondeterministic_output"};
constexpr Arg kZscanArgs[] = {
    {"key", ArgType::Key, 0},
    {"cursor", ArgType::Integer},
    {.name = "pattern", .type = ArgType::Pattern, .token = "MATCH", .flags = kOptional},
    {.name = "count", .type = ArgType::Integer, .token = "COUNT", .flags = kOptional},
    {.name = "noscores", .type = ArgType::PureToken, .token = "NOSCORES", .flags = kOptional},
};
constexpr HistoryEntry kZscanHistory[] = {
    {"8.0.0", "New option `NOSCORES`."},
};

constexpr CommandSpec kCommands[] = {
    {.name = "ZRANDMEMBER",
     .summary = "Chooses members at random.",
     .since = "6.2.0",
     .group = Group::SortedSet,
     .complexity = "O(N), N being the members chosen.",
     .arity = -2,
     .flags = kReadOnly,
     .keys = kZrandmemberKeys,
     .args = kZrandmemberArgs,
     .tips = kZrandmemberTips,
     .run = zrandmember},
    {.name = "ZSCAN",
     .summary = "Walks through a sorted set, some elements at each call.",
     .since = "2.8.0",
     .group = Group::SortedSet,
     .complexity = "O(1) for each call; O(N) until the cursor is 0 again, N being the elements of "
                   "the sorted set.",
     .arity = -3,
     .flags = kReadOnly,
     .keys = kZrandmemberKeys,
     .args = kZscanArgs,
     .tips = kZrandmemberTips,
     .history = kZscanHistory,
     .run = zscan},
};

// ---- ZRANDMEMBER ----

uint64_t any_rank(Call& call, uint64_t size) {
    return call.engine().entropy().next() % size;
}

void reply_at(Call& call, const SortedSet& set, uint64_t rank, WithScores with_scores) {
    const SortedSet::Cursor cursor = set.at(rank);
    reply_element(call, cursor, with_scores);
}

void reply_with_repeats(Call& call, const SortedSet& set, uint64_t count, WithScores with_scores) {
    reply_elements_header(call, count, with_scores);
    for (uint64_t i = 0; i < count && !call.reply().over_limit(); ++i)
        reply_at(call, set, any_rank(call, set.size()), with_scores);
}

// Different ones, in no particular order.
void reply_different(Call& call, const SortedSet& set, uint64_t count, WithScores with_scores) {
    const uint64_t size = set.size();
    if (count >= size) {
        reply_elements_header(call, size, with_scores);
        for (auto cursor = set.first(); cursor; cursor.next())
            reply_element(call, cursor, with_scores);
        return;
    }
    reply_elements_header(call, count, with_scores);
    if (count * 3 < size) {
        std::unordered_set<uint64_t> chosen;
        while (chosen.size() < count) {
            const uint64_t rank = any_rank(call, size);
            if (chosen.insert(rank).second) reply_at(call, set, rank, with_scores);
        }
        return;
    }
    // The first `count` of all ranks in an order of chance.
    std::vector<uint64_t> ranks(size);
    std::iota(ranks.begin(), ranks.end(), uint64_t{0});
    for (uint64_t i = 0; i < count; ++i) {
        std::swap(ranks[i], ranks[i + any_rank(call, size - i)]);
        reply_at(call, set, ranks[i], with_scores);
    }
}

Status reply_count_at_random(Call& call) {
    constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
    const int64_t count = TRY(call.integer(2, -kMost, kMost));
    const bool with_scores = call.count() == 4 && call.arg_is(3, "WITHSCORES");
    if (call.count() > 3 && !with_scores) return errors::kSyntax;
    // The reply has two elements for each.
    if (with_scores && (count < -kMost / 2 || count > kMost / 2)) return errors::kOutOfRange;

    const SortedSet* set = TRY(call.read<SortedSet>(1));
    const WithScores form = with_scores ? WithScores::Yes : WithScores::No;
    if (set == nullptr || count == 0)
        call.reply().array(0);
    else if (count < 0)
        reply_with_repeats(call, *set, static_cast<uint64_t>(-count), form);
    else
        reply_different(call, *set, static_cast<uint64_t>(count), form);
    return done();
}

Status zrandmember(Call& call) {
    if (call.count() > 2) return reply_count_at_random(call);
    const SortedSet* set = TRY(call.read<SortedSet>(1));
    if (set == nullptr)
        call.reply().null();
    else
        reply_at(call, *set, any_rank(call, set->size()), WithScores::No);
    return done();
}

// ---- ZSCAN ----

// Compat: of a large sorted set scores come in this form, which may have more digits than
// elsewhere.
size_t format_scanned(char (&text)[64], const SortedSet& set, double score) {
    if (set.listpack() != nullptr) return format_double(text, score);
    return static_cast<size_t>(std::snprintf(text, sizeof text, "%.17g", score));
}

Status zscan(Call& call) {
    uint64_t cursor = TRY(parse_scan_cursor(call, 2));
    const SortedSet* set = TRY(call.read<SortedSet>(1));
    if (set == nullptr) {
        call.reply().array(2);
        call.reply().bulk("0");
        call.reply().array(0);
        return done();
    }
    const ScanOptions options = TRY(parse_scan_options(call, 3, ScanKind::SortedSet));

    std::vector<std::pair<std::string, double>> found;
    int64_t seen = 0;
    int64_t steps = options.steps_max();
    do {
        cursor = set->scan(cursor, [&](std::string_view member, double score) {
            ++seen;
            if (options.wants(member)) found.emplace_back(member, score);
        });
    } while (cursor != 0 && seen < options.count && --steps > 0);

    call.reply().array(2);
    call.reply().bulk(IntegerText(static_cast<int64_t>(cursor)).view());
    call.reply().array(options.no_scores ? found.size() : found.size() * 2);
    for (const auto& [member, score] : found) {
        call.reply().bulk(member);
        if (options.no_scores) continue;
        char text[64];
        call.reply().bulk({text, format_scanned(text, *set, score)});
    }
    return done();
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::sorted_sets::walks
