// SPDX-License-Identifier: BSD-3-Clause
#include "commands/support/sorted_sets.h"

#include <cmath>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>

#include "base/numbers.h"
#include "base/token.h"
#include "commands/support/text.h"

namespace millrace::commands::support {

using namespace engine;
using values::MemberBound;
using values::MemberRange;
using values::ScoredMember;
using values::ScoreRange;
using values::SortedSet;

namespace {

constexpr ErrorText kBadScoreRange{"ERR min or max is not a float"};
constexpr ErrorText kBadMemberRange{"ERR min or max not valid string range item"};

// Compat: unlike a score, a bound may be empty, which is zero, or beyond what a double holds.
std::optional<double> parse_bound(std::string_view text) {
    if (const auto number = parse_double(text)) return number;
    if (text.empty()) return 0;
    if (text.find_first_not_of("0123456789+-.eE") != std::string_view::npos) return std::nullopt;
    const std::string decimal(text);
    char* end = nullptr;
    const double number = std::strtod(decimal.c_str(), &end);
    if (end != decimal.c_str() + decimal.size()) return std::nullopt;
    return number;
}

struct ScoreBound {
    double score;
    bool exclusive;
};

std::optional<ScoreBound> parse_score_bound(std::string_view text) {
    text = until_zero(text);
    const bool exclusive = text.starts_with('(');
    const auto score = parse_bound(exclusive ? text.substr(1) : text);
    if (!score) return std::nullopt;
    return ScoreBound{*score, exclusive};
}

std::optional<MemberBound> parse_member_bound(std::string_view text) {
    if (until_zero(text) == "-") return MemberBound{MemberBound::Kind::Lowest};
    if (until_zero(text) == "+") return MemberBound{MemberBound::Kind::Highest};
    if (text.starts_with('(')) return MemberBound{MemberBound::Kind::Exclusive, text.substr(1)};
    if (text.starts_with('[')) return MemberBound{MemberBound::Kind::Inclusive, text.substr(1)};
    return std::nullopt;
}

}  // namespace

Result<ScoreRange> parse_score_range(const Call& call, size_t min_at, size_t max_at) {
    const auto min = parse_score_bound(call.arg(min_at));
    const auto max = parse_score_bound(call.arg(max_at));
    if (!min || !max) return kBadScoreRange;
    return ScoreRange{min->score, max->score, min->exclusive, max->exclusive};
}

Result<MemberRange> parse_member_range(const Call& call, size_t min_at, size_t max_at) {
    const auto min = parse_member_bound(call.arg(min_at));
    const auto max = parse_member_bound(call.arg(max_at));
    if (!min || !max) return kBadMemberRange;
    return MemberRange{*min, *max};
}

SortedSet::Span span_between(int64_t start, int64_t stop, uint64_t size) {
    const auto count = static_cast<int64_t>(size);
    if (start < 0) start = start < -count ? 0 : start + count;
    if (stop < 0) stop = stop < -count ? -1 : stop + count;
    if (stop >= count) stop = count - 1;
    if (start > stop) return {0, 0};
    return {static_cast<uint64_t>(start), static_cast<uint64_t>(stop - start) + 1};
}

void reply_elements_header(Call& call, size_t count, WithScores with_scores) {
    const bool flat = with_scores == WithScores::Yes && call.reply().protocol() == 2;
    call.reply().array(flat ? count * 2 : count);
}

void reply_element(Call& call, std::string_view member, double score, WithScores with_scores) {
    if (with_scores == WithScores::No) return call.reply().bulk(member);
    if (call.reply().protocol() > 2) call.reply().array(2);
    call.reply().bulk(member);
    call.reply().double_number(score);
}

void reply_element(Call& call, const SortedSet::Cursor& cursor, WithScores with_scores) {
    if (with_scores == WithScores::No) return call.reply().bulk(cursor.member());
    reply_element(call, cursor.member(), cursor.score(), with_scores);
}

SortedSet::Limits limits(Call& call) {
    return SortedSet::Limits::of(call.keyspace().encodings(), call.keyspace().seed());
}

void store_elements(Call& call, size_t at, std::string_view event,
                    const std::vector<ScoredMember>& elements, uint64_t changes) {
    // The elements may lie in the value that is replaced.
    auto fresh = SortedSet::of(limits(call), elements);
    KeyEdit target = call.edit(at);
    if (!elements.empty()) {
        target.store_collection(std::move(fresh));
        target.commit(EventClass::SortedSet, event, changes);
    } else if (target.exists()) {
        target.remove();
        target.commit(EventClass::Generic, "del");
    }
    call.reply().integer(static_cast<int64_t>(elements.size()));
}

}  // namespace millrace::commands::support
