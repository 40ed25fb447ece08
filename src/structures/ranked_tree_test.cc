// SPDX-License-Identifier: BSD-3-Clause
#include "structures/ranked_tree.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace millrace::structures {
namespace {

using Key = std::pair<double, std::string>;

// The tree beside a set of the same keys; owns the elements.
class Both {
public:
    ~Both() {
        for (auto cursor = tree.first(); cursor; cursor.next()) owned_.push_back(cursor.element());
        for (RankedElement* element : owned_) RankedElement::free(element);
    }
    void insert(double score, const std::string& member) {
        if (!model.insert({score, member}).second) return;
        tree.insert(RankedElement::make(score, member));
    }
    void erase(double score, const std::string& member) {
        RankedElement* element = tree.erase(score, member);
        EXPECT_EQ(element != nullptr, model.erase({score, member}) == 1);
        if (element != nullptr) RankedElement::free(element);
    }
    void check() const {
        tree.check_invariants();
        ASSERT_EQ(tree.size(), model.size());
        auto cursor = tree.first();
        for (const Key& key : model) {
            ASSERT_TRUE(cursor);
            EXPECT_EQ(cursor.score(), key.first);
            EXPECT_EQ(cursor.element()->member(), key.second);
            cursor.next();
        }
        EXPECT_FALSE(cursor);
        cursor = tree.last();
        for (auto key = model.rbegin(); key != model.rend(); ++key) {
            ASSERT_TRUE(cursor);
            EXPECT_EQ(cursor.element()->member(), key->second);
            cursor.previous();
        }
        EXPECT_FALSE(cursor);
    }

    RankedTree tree;
    std::set<Key> model;

private:
    std::vector<RankedElement*> owned_;
};

TEST(RankedTree, EmptyTreeHasNothing) {
    RankedTree tree;
    EXPECT_EQ(tree.size(), 0u);
    EXPECT_FALSE(tree.first());
    EXPECT_FALSE(tree.last());
    EXPECT_FALSE(tree.find(0, ""));
    EXPECT_EQ(tree.rank(1, "x"), 0u);
    EXPECT_EQ(tree.erase(1, "x"), nullptr);
    EXPECT_EQ(tree.memory_bytes(), 0u);
    tree.check_invariants();
}

TEST(RankedTree, OrdersByScoreThenBytes) {
    Both both;
    both.insert(1, "b");
    both.insert(1, "a");
    both.insert(1, std::string("a\0", 2));
    both.insert(1, "\xff");
    both.insert(-std::numeric_limits<double>::infinity(), "z");
    both.insert(std::numeric_limits<double>::infinity(), "");
    both.insert(0.5, "q");
    both.check();
    EXPECT_EQ(both.tree.rank(1, "a"), 2u);
    EXPECT_EQ(both.tree.rank(1, "\xff"), 5u);
    EXPECT_EQ(both.tree.at(6).element()->member(), "");
    EXPECT_FALSE(both.tree.at(7));
}

TEST(RankedTree, ArrivalAtTheEndFillsNodesToTheBrim) {
    Both both;
    for (int i = 0; i < 20000; ++i) both.insert(i, "m");
    both.check();
    EXPECT_LT(both.tree.memory_bytes(), 20000u * 17);
    for (int i = 0; i < 20000; ++i) EXPECT_EQ(both.tree.at(i).score(), i);
    for (int i = 0; i < 19990; ++i) RankedElement::free(both.tree.erase_at(0));
    both.tree.check_invariants();
    EXPECT_EQ(both.tree.size(), 10u);
}

TEST(RankedTree, DescendingArrival) {
    Both both;
    for (int i = 5000; i-- > 0;) both.insert(i, "m");
    both.check();
    for (int i = 5000; i-- > 0;) {
        both.erase(i, "m");
        if (i % 97 == 0) both.tree.check_invariants();
    }
    EXPECT_EQ(both.tree.memory_bytes(), 0u);
}

TEST(RankedTree, RandomStepsAgreeWithASet) {
    Both both;
    std::mt19937 random(1);
    for (int step = 0; step < 60000; ++step) {
        const double score = static_cast<double>(random() % 300);
        const std::string member = std::to_string(random() % 40);
        const bool shrinking = step / 10000 % 2 == 1;
        if (random() % 10 < (shrinking ? 2u : 7u))
            both.insert(score, member);
        else
            both.erase(score, member);
        if (step % 1000 == 0) both.check();
    }
    both.check();
    uint64_t rank = 0;
    for (const Key& key : both.model) {
        EXPECT_EQ(both.tree.rank(key.first, key.second), rank);
        const auto cursor = both.tree.find(key.first, key.second);
        ASSERT_TRUE(cursor);
        EXPECT_EQ(cursor.rank(), rank++);
    }
}

TEST(RankedTree, SeeksBounds) {
    Both both;
    for (int i = 0; i < 1000; ++i) both.insert(i / 10 * 2, std::to_string(i % 10));
    for (double bound = -1; bound <= 200; ++bound) {
        const auto below = [bound](double score, const RankedElement&) { return score < bound; };
        const auto first = both.model.lower_bound({bound, ""});
        const auto cursor = both.tree.first_not(below);
        ASSERT_EQ(static_cast<bool>(cursor), first != both.model.end());
        if (cursor) {
            EXPECT_EQ(Key(cursor.score(), cursor.element()->member()), *first);
        }
        const auto last = both.tree.last_that(below);
        ASSERT_EQ(static_cast<bool>(last), first != both.model.begin());
        if (last) {
            EXPECT_EQ(Key(last.score(), last.element()->member()), *std::prev(first));
        }
        EXPECT_EQ(both.tree.count_that(below), std::distance(both.model.begin(), first));
    }
}

TEST(RankedTree, RescoreMovesElements) {
    Both both;
    for (int i = 0; i < 500; ++i) both.insert(i, "m" + std::to_string(i));
    std::mt19937 random(2);
    for (int step = 0; step < 20000; ++step) {
        auto cursor = both.tree.at(random() % both.tree.size());
        RankedElement* element = cursor.element();
        const std::string member(element->member());
        both.model.erase({element->score, member});
        const double score = random() % 2 == 0 ? element->score + (random() % 3) * 0.25 - 0.25
                                               : static_cast<double>(random() % 500);
        both.tree.rescore(element, score);
        both.model.insert({score, member});
        if (step % 500 == 0) both.check();
    }
    both.check();
}

TEST(RankedTree, CanBeMoved) {
    Both both;
    for (int i = 0; i < 200; ++i) both.insert(i, "m");
    RankedTree moved(std::move(both.tree));
    EXPECT_EQ(moved.size(), 200u);
    EXPECT_EQ(both.tree.size(), 0u);
    both.tree.check_invariants();
    moved.check_invariants();
    for (auto cursor = moved.first(); cursor; cursor.next()) RankedElement::free(cursor.element());
    moved.clear();
    EXPECT_EQ(moved.memory_bytes(), 0u);
}

}  // namespace
}  // namespace millrace::structures
