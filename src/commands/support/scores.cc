// SPDX-License-Identifier: BSD-3-Clause
#include "commands/support/scores.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>

#include "commands/support/sorted_sets.h"

namespace millrace::commands::support {

using namespace engine;
using values::ScoredMember;
using values::SortedSet;

namespace {

constexpr ErrorText kBothConditions{"ERR XX and NX options at the same time are not compatible"};
constexpr ErrorText kBothComparisons{
    "ERR GT, LT, and/or NX options at the same time are not compatible"};
constexpr ErrorText kIncrementsOne{"ERR INCR option supports a single increment-element pair"};
constexpr ErrorText kNotANumber{"ERR resulting score is not a number (NaN)"};

// The score that a member gets; none if the options say that it stays as it is.
Result<std::optional<double>> score_for(const ScoreOptions& options, std::optional<double> current,
                                        double given) {
    if (!current) {
        if (options.only_existing) return std::optional<double>();
        return std::optional<double>(given);
    }
    if (options.only_missing) return std::optional<double>();
    double score = given;
    if (options.increment) {
        score += *current;
        if (std::isnan(score)) return kNotANumber;
    }
    if (options.only_less && score >= *current) return std::optional<double>();
    if (options.only_greater && score <= *current) return std::optional<double>();
    return std::optional<double>(score);
}

struct Counts {
    uint64_t added = 0;
    uint64_t changed = 0;
};

// Whether the outcome depends on the score that a member has.
bool asks_current(const ScoreOptions& options) {
    return options.only_missing || options.only_existing || options.only_greater ||
           options.only_less || options.increment;
}

using Elements = std::span<const ScoredMember>;

// `last` becomes the score that the last member got, none if it was left alone.
Status put_all(Call& call, SortedSet& set, const ScoreOptions& options, Elements elements,
               Counts& counts, std::optional<double>& last) {
    const SortedSet::Limits limits = support::limits(call);
    const bool asks = asks_current(options);
    for (const ScoredMember& element : elements) {
        last = element.score;
        if (asks) last = TRY(score_for(options, set.score(element.member), element.score));
        if (!last) continue;
        const auto outcome = set.put(element.member, *last, limits);
        if (outcome == SortedSet::Outcome::Added) ++counts.added;
        if (outcome == SortedSet::Outcome::Changed) ++counts.changed;
    }
    return done();
}

// Compat: room is made for all that is named, even for what is not added in the end.
void make_room(Call& call, SortedSet& set, Elements elements) {
    uint64_t longest = 0;
    for (const ScoredMember& element : elements)
        longest = std::max<uint64_t>(longest, element.member.size());
    set.enlarge_unless(limits(call), elements.size(), longest);
}

void reply(Call& call, const ScoreOptions& options, const Counts& counts,
           std::optional<double> last) {
    if (options.increment) {
        if (last)
            call.reply().double_number(*last);
        else
            call.reply().null();
        return;
    }
    const uint64_t count = counts.added + (options.count_changed ? counts.changed : 0);
    call.reply().integer(static_cast<int64_t>(count));
}

}  // namespace

Status check_score_options(const ScoreOptions& options, size_t elements) {
    if (options.only_missing && options.only_existing) return kBothConditions;
    const int comparisons = (options.only_missing ? 1 : 0) + (options.only_greater ? 1 : 0) +
                            (options.only_less ? 1 : 0);
    if (comparisons > 1) return kBothComparisons;
    if (options.increment && elements > 1) return kIncrementsOne;
    return done();
}

Status put_scores(Call& call, const ScoreOptions& options, Elements elements) {
    KeyEdit edit = TRY(call.edit(1, SortedSet::kType));
    Counts counts;
    std::optional<double> last;
    if (edit.exists() || !options.only_existing) {
        SortedSet& set = edit.value_or_make<SortedSet>();
        make_room(call, set, elements);
        TRY(put_all(call, set, options, elements, counts, last));
    }
    if (counts.added + counts.changed > 0) {
        edit.value_changed();
        edit.commit(EventClass::SortedSet, options.increment ? "zincr" : "zadd",
                    counts.added + counts.changed);
    }
    reply(call, options, counts, last);
    return done();
}

}  // namespace millrace::commands::support
