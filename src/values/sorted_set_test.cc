// SPDX-License-Identifier: BSD-3-Clause
#include "values/sorted_set.h"

#include <gtest/gtest.h>

#include <cmath>
#include <iterator>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace millrace::values {
namespace {

constexpr SortedSet::Limits kUsual{128, 64};

std::vector<std::pair<double, std::string>> contents(const SortedSet& set) {
    std::vector<std::pair<double, std::string>> all;
    for (auto cursor = set.first(); cursor; cursor.next())
        all.emplace_back(cursor.score(), cursor.member());
    return all;
}

TEST(SortedSet, KeepsOrderInBothForms) {
    for (const SortedSet::Limits limits : {kUsual, SortedSet::Limits{0, 0}}) {
        SortedSet set;
        EXPECT_EQ(set.put("b", 2, limits), SortedSet::Outcome::Added);
        EXPECT_EQ(set.put("a", 2, limits), SortedSet::Outcome::Added);
        EXPECT_EQ(set.put("17", -1.5, limits), SortedSet::Outcome::Added);
        EXPECT_EQ(set.put("17", -1.5, limits), SortedSet::Outcome::Same);
        EXPECT_EQ(set.put("b", INFINITY, limits), SortedSet::Outcome::Changed);
        EXPECT_EQ(set.encoding(), limits.entries == 0 ? "skiplist" : "listpack");
        const std::vector<std::pair<double, std::string>> expected = {
            {-1.5, "17"}, {2, "a"}, {INFINITY, "b"}};
        EXPECT_EQ(contents(set), expected);
        EXPECT_EQ(set.rank("b")->rank, 2u);
        EXPECT_EQ(set.score("17"), -1.5);
        EXPECT_FALSE(set.score("x"));
        EXPECT_EQ(set.last().member(), "b");
        EXPECT_TRUE(set.erase("a"));
        EXPECT_FALSE(set.erase("a"));
        EXPECT_EQ(set.size(), 2u);
        set.check_invariants();
    }
}

TEST(SortedSet, BecomesLargeAtTheLimits) {
    SortedSet set;
    for (int i = 0; i < 128; ++i) set.put(std::to_string(i), i, kUsual);
    EXPECT_EQ(set.encoding(), "listpack");
    set.put("x", 5, kUsual);
    EXPECT_EQ(set.encoding(), "skiplist");
    set.check_invariants();
    SortedSet other;
    other.put(std::string(64, 'a'), 1, kUsual);
    EXPECT_EQ(other.encoding(), "listpack");
    other.put(std::string(65, 'a'), 1, kUsual);
    EXPECT_EQ(other.encoding(), "skiplist");
    EXPECT_EQ(other.size(), 2u);
}

TEST(SortedSet, ReadsListpacksWithCare) {
    structures::Listpack pack;
    for (const char* text : {"b", "1", "a", "2.5", "c", "inf"}) pack.append(text);
    auto set = SortedSet::from_listpack(pack.clone());
    ASSERT_TRUE(set.ok());
    EXPECT_EQ((*set)->score("a"), 2.5);
    pack.append("d");
    EXPECT_FALSE(SortedSet::from_listpack(pack.clone()).ok());
    pack.append("3");
    EXPECT_FALSE(SortedSet::from_listpack(pack.clone()).ok());
    structures::Listpack twice;
    for (const char* text : {"a", "1", "a", "2"}) twice.append(text);
    EXPECT_FALSE(SortedSet::from_listpack(std::move(twice)).ok());
}

// Both forms against maps, step by step.
class Model {
public:
    explicit Model(SortedSet::Limits limits) : limits_(limits) {}

    void put(const std::string& member, double score) {
        set_.fetch_element(set_.fetch_place(member));  // Changes nothing.
        const auto known = scores_.find(member);
        const auto expected = known == scores_.end()   ? SortedSet::Outcome::Added
                              : known->second == score ? SortedSet::Outcome::Same
                                                       : SortedSet::Outcome::Changed;
        EXPECT_EQ(set_.put(member, score, limits_), expected);
        if (known != scores_.end()) order_.erase({known->second, member});
        scores_[member] = score;
        order_.insert({score, member});
    }
    void erase(const std::string& member) {
        const auto known = scores_.find(member);
        EXPECT_EQ(set_.erase(member), known != scores_.end());
        if (known == scores_.end()) return;
        order_.erase({known->second, member});
        scores_.erase(known);
    }
    void erase_span(uint64_t first, uint64_t count) {
        if (first >= order_.size()) return;
        count = std::min<uint64_t>(count, order_.size() - first);
        set_.erase(SortedSet::Span{first, count});
        auto at = std::next(order_.begin(), static_cast<ptrdiff_t>(first));
        for (; count > 0; --count) {
            scores_.erase(at->second);
            at = order_.erase(at);
        }
    }
    template <typename Range>
    void look(const Range& range) const {
        uint64_t first = 0;
        uint64_t count = 0;
        for (const auto& [score, member] : order_) {
            if (range.is_before(score, member)) {
                ++first;
            } else if (!range.is_behind(score, member)) {
                ++count;
            }
        }
        const auto span = set_.span_of(range);
        EXPECT_EQ(span.count, count);
        if (count == 0) return;
        EXPECT_EQ(span.first, first);
    }
    void check() const {
        set_.check_invariants();
        ASSERT_EQ(set_.size(), order_.size());
        auto cursor = set_.last();
        uint64_t rank = order_.size();
        for (auto at = order_.rbegin(); at != order_.rend(); ++at, cursor.previous()) {
            ASSERT_TRUE(cursor);
            EXPECT_EQ(cursor.member(), at->second);
            EXPECT_EQ(cursor.score(), at->first);
            EXPECT_EQ(set_.rank(at->second)->rank, --rank);
            EXPECT_EQ(set_.at(rank).member(), at->second);
        }
        EXPECT_FALSE(cursor);
        const auto copy = set_.clone();
        EXPECT_EQ(contents(static_cast<const SortedSet&>(*copy)), contents(set_));
        EXPECT_EQ(copy->encoding(), set_.encoding());
        std::set<std::string> seen;
        uint64_t position = 0;
        do {
            position = set_.scan(position, [&](std::string_view member, double score) {
                EXPECT_EQ(scores_.at(std::string(member)), score);
                seen.insert(std::string(member));
            });
        } while (position != 0);
        EXPECT_EQ(seen.size(), order_.size());
    }

private:
    SortedSet::Limits limits_;
    SortedSet set_;
    std::map<std::string, double> scores_;
    std::set<std::pair<double, std::string>> order_;
};

TEST(SortedSet, RandomStepsAgreeWithMaps) {
    for (const SortedSet::Limits limits : {SortedSet::Limits{100000, 64}, kUsual, {0, 0}}) {
        Model model(limits);
        std::mt19937 random(3);
        for (int step = 0; step < 3000; ++step) {
            const std::string member = std::to_string(random() % 300);
            const double score = static_cast<double>(random() % 50) / 4;
            const unsigned kind = random() % 20;
            if (kind < 12) {
                model.put(member, score);
            } else if (kind < 17) {
                model.erase(member);
            } else if (kind == 17) {
                model.erase_span(random() % 100, random() % 5);
            } else if (kind == 18) {
                model.look(ScoreRange{score, score + static_cast<double>(random() % 5) - 1,
                                      random() % 2 == 0, random() % 2 == 0});
            } else {
                using Kind = MemberBound::Kind;
                model.look(MemberRange{{Kind::Lowest, {}}, {Kind::Highest, {}}});
            }
            if (step % 100 == 0) model.check();
        }
        model.check();
    }
}

TEST(SortedSet, RangesOfMembers) {
    using Kind = MemberBound::Kind;
    for (const SortedSet::Limits limits : {kUsual, SortedSet::Limits{0, 0}}) {
        SortedSet set;
        for (const char* member : {"a", "b", "c", "d", "e"}) set.put(member, 0, limits);
        const auto span = set.span_of(MemberRange{{Kind::Exclusive, "a"}, {Kind::Inclusive, "cc"}});
        EXPECT_EQ(span.first, 1u);
        EXPECT_EQ(span.count, 2u);
        EXPECT_EQ(set.span_of(MemberRange{{Kind::Inclusive, "bb"}, {Kind::Exclusive, "c"}}).count,
                  0u);
        EXPECT_EQ(set.span_of(MemberRange{{Kind::Lowest, {}}, {Kind::Highest, {}}}).count, 5u);
        EXPECT_EQ(set.span_of(MemberRange{{Kind::Highest, {}}, {Kind::Lowest, {}}}).count, 0u);
    }
}

TEST(SortedSet, BuildsWholeResults) {
    std::vector<std::string> names;
    for (int i = 0; i < 200; ++i) names.push_back("m" + std::to_string(1000 + i));
    std::vector<ScoredMember> elements;
    for (const std::string& name : names) elements.push_back({1, name});
    const auto large = SortedSet::of(kUsual, elements);
    EXPECT_EQ(large->encoding(), "skiplist");
    large->check_invariants();
    elements.resize(128);
    const auto small = SortedSet::of(kUsual, elements);
    EXPECT_EQ(small->encoding(), "listpack");
    EXPECT_EQ(small->size(), 128u);
    small->check_invariants();
    EXPECT_GT(large->memory_bytes(0), small->memory_bytes(0));
    EXPECT_GT(large->blocks(), 200u);
}

}  // namespace
}  // namespace millrace::values
