// SPDX-License-Identifier: BSD-3-Clause
//
// What the commands on sorted sets share: bounds as clients write them, elements in replies, and
// results that become keys.
//
// Threads: main thread.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/call.h"
#include "values/sorted_set.h"

namespace millrace::commands::support {

// "5", "(5", "-inf"; "[member", "(member", "-", "+".
Result<values::ScoreRange> parse_score_range(const engine::Call& call, size_t min_at,
                                             size_t max_at);
Result<values::MemberRange> parse_member_range(const engine::Call& call, size_t min_at,
                                               size_t max_at);

// Ranks from `start` to `stop`, both of which count from the end when negative.
values::SortedSet::Span span_between(int64_t start, int64_t stop, uint64_t size);

enum class WithScores : bool { No, Yes };

// Elements one after the other: members, and scores behind them in RESP2, pairs in RESP3.
void reply_elements_header(engine::Call& call, size_t count, WithScores with_scores);
void reply_element(engine::Call& call, std::string_view member, double score,
                   WithScores with_scores);
void reply_element(engine::Call& call, const values::SortedSet::Cursor& cursor,
                   WithScores with_scores);

// The limits that hold at this moment.
values::SortedSet::Limits limits(engine::Call& call);

// Puts elements, which come in order, in place of what is at the key of argument `at`, and answers
// how many; none of them removes the key. `changes` is what it adds to the count of changes since
// the last save.
void store_elements(engine::Call& call, size_t at, std::string_view event,
                    const std::vector<values::ScoredMember>& elements, uint64_t changes = 1);

}  // namespace millrace::commands::support
