// SPDX-License-Identifier: BSD-3-Clause
#include "values/set.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>

using namespace millrace;
using namespace millrace::values;

namespace {

std::set<std::string> contents(const Set& set) {
    std::set<std::string> all;
    set.for_each([&](std::string_view member) { EXPECT_TRUE(all.emplace(member).second); });
    return all;
}

class SetTest : public testing::Test {
protected:
    keyspace::EncodingSettings encodings_;
    SipKey seed_{1, 2};
    GrowthRules rules_{encodings_, seed_};
};

TEST_F(SetTest, AgreesWithASet) {
    std::mt19937 random(3);
    for (const unsigned members : {5, 100, 2000}) {
        for (const bool numbers : {false, true}) {
            Set set;
            std::set<std::string> model;
            for (int step = 0; step < 6000; ++step) {
                std::string member = std::to_string(random() % members);
                if (!numbers && random() % 2 == 0) member = "m" + member;
                set.fetch_element(set.fetch_place(member));  // Changes nothing.
                if (random() % 3 != 0) {
                    EXPECT_EQ(set.add(member, rules_), model.insert(member).second);
                } else {
                    EXPECT_EQ(set.erase(member), model.erase(member) == 1);
                }
                EXPECT_EQ(set.contains(member), model.count(member) == 1);
                ASSERT_EQ(set.size(), model.size());
                if (model.empty()) continue;
                Text picked;
                set.pick(random(), picked);
                EXPECT_EQ(model.count(std::string(picked.view())), 1u);
            }
            EXPECT_EQ(contents(set), model);
            const auto copy = set.clone();
            EXPECT_EQ(contents(static_cast<const Set&>(*copy)), model);
            EXPECT_EQ(copy->encoding(), set.encoding());
        }
    }
}

TEST_F(SetTest, IntegersBecomeATable) {
    Set set;
    for (int i = 0; i < 512; ++i) set.add(std::to_string(i), rules_);
    EXPECT_EQ(set.encoding(), "intset");
    set.add("512", rules_);
    EXPECT_EQ(set.encoding(), "hashtable");
    set.erase("512");
    set.become_integers_if_small(rules_);
    EXPECT_EQ(set.encoding(), "intset");
}

TEST_F(SetTest, AWordTurnsIntegersIntoAListpackOrATable) {
    for (const int count : {127, 128}) {
        Set set;
        for (int i = 0; i < count; ++i) set.add(std::to_string(i), rules_);
        set.add("word", rules_);
        EXPECT_EQ(set.encoding(), count == 127 ? "listpack" : "hashtable");
        EXPECT_EQ(set.size(), static_cast<size_t>(count) + 1);
    }
    Set set;
    set.add("1", rules_);
    set.add(std::string(65, 'x'), rules_);
    EXPECT_EQ(set.encoding(), "hashtable");
}

TEST_F(SetTest, AListpackBecomesATable) {
    Set set;
    for (int i = 0; i < 128; ++i) set.add("m" + std::to_string(i), rules_);
    EXPECT_EQ(set.encoding(), "listpack");
    set.add("m5", rules_);
    EXPECT_EQ(set.encoding(), "listpack");
    set.add("more", rules_);
    EXPECT_EQ(set.encoding(), "hashtable");
    EXPECT_EQ(set.size(), 129u);
}

TEST_F(SetTest, TheFormSuitsTheFirstMember) {
    EXPECT_EQ(Set("1", 512, rules_).encoding(), "intset");
    EXPECT_EQ(Set("1", 513, rules_).encoding(), "hashtable");
    EXPECT_EQ(Set("a", 128, rules_).encoding(), "listpack");
    EXPECT_EQ(Set("a", 129, rules_).encoding(), "hashtable");
}

}  // namespace
