// SPDX-License-Identifier: BSD-3-Clause
#include "structures/heavy_hitters.h"

#include <gtest/gtest.h>

#include <string>

#include "base/siphash.h"

namespace millrace::structures {
namespace {

uint64_t hash_of(const std::string& name) {
    return siphash13(name.data(), name.size(), SipKey{.low = 1, .high = 2});
}

void add(HeavyHitters& hitters, const std::string& name, uint64_t weight = 1, int group = 0) {
    hitters.add(hash_of(name), group, name, weight);
}

TEST(HeavyHitters, FewNamesAreCountedExactly) {
    HeavyHitters hitters;
    EXPECT_TRUE(hitters.top(10).empty());
    add(hitters, "a", 3);
    add(hitters, "b", 10);
    add(hitters, "a", 4);
    add(hitters, "a", 5, 1);
    add(hitters, "nothing", 0);
    const auto top = hitters.top(10);
    ASSERT_EQ(top.size(), 3u);
    EXPECT_EQ(top[0]->name, "b");
    EXPECT_EQ(top[1]->name, "a");
    EXPECT_EQ(top[1]->sum, 7u);
    EXPECT_EQ(top[1]->error, 0u);
    EXPECT_EQ(top[2]->group, 1);
    EXPECT_EQ(hitters.top(1).size(), 1u);
    hitters.clear();
    EXPECT_TRUE(hitters.top(10).empty());
}

// Five names with 2 % each among ten thousand others: all five are on top, and no sum is too low.
TEST(HeavyHitters, HeavyNamesAreFoundAmongMany) {
    HeavyHitters hitters;
    for (int i = 0; i < 100'000; ++i) {
        if (i % 10 == 0) {
            add(hitters, "heavy" + std::to_string(i / 10 % 5));
        } else {
            add(hitters, "light" + std::to_string(i * 7919LL % 10'000));
        }
    }
    const auto top = hitters.top(5);
    ASSERT_EQ(top.size(), 5u);
    for (const auto* each : top) {
        EXPECT_EQ(each->name.substr(0, 5), "heavy");
        EXPECT_GE(each->sum, 2000u);
        EXPECT_LE(each->sum - each->error, 2000u);
    }
}

TEST(HeavyHitters, LongNamesAreCutAndKeptApart) {
    HeavyHitters hitters;
    const std::string common(5000, 'x');
    add(hitters, common + "a", 2);
    add(hitters, common + "b", 1);
    const auto top = hitters.top(10);
    ASSERT_EQ(top.size(), 2u);
    EXPECT_EQ(top[0]->name.size(), HeavyHitters::kNameBytesMax);
}

}  // namespace
}  // namespace millrace::structures
