// SPDX-License-Identifier: BSD-3-Clause
#include "structures/hyperloglog.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>

using namespace millrace::structures::hyperloglog;

namespace {

uint64_t count_of(std::string_view sketch) {
    Histogram histogram{};
    EXPECT_TRUE(count_registers(histogram, sketch));
    return estimate(histogram);
}

TEST(HyperLogLog, EmptySketchIsOneRun) {
    const std::string sketch = empty_sketch();
    EXPECT_EQ(sketch, std::string("HYLL\1\0\0\0\0\0\0\0\0\0\0\0\x7f\xff", 18));
    EXPECT_TRUE(is_sketch(sketch));
    EXPECT_EQ(cached_count(sketch), 0u);
    EXPECT_EQ(count_of(sketch), 0u);
    EXPECT_EQ(describe_runs(sketch), "Z:16384");
}

TEST(HyperLogLog, RunsSplitAndJoin) {
    std::string sketch = empty_sketch();
    EXPECT_EQ(raise_sparse(sketch, {100, 3}, 3000), Outcome::Changed);
    EXPECT_EQ(describe_runs(sketch), "Z:100 v:3,1 Z:16283");
    EXPECT_EQ(raise_sparse(sketch, {100, 2}, 3000), Outcome::Unchanged);
    EXPECT_EQ(raise_sparse(sketch, {101, 3}, 3000), Outcome::Changed);
    EXPECT_EQ(raise_sparse(sketch, {103, 3}, 3000), Outcome::Changed);
    EXPECT_EQ(describe_runs(sketch), "Z:100 v:3,2 z:1 v:3,1 Z:16280");
    EXPECT_EQ(raise_sparse(sketch, {102, 3}, 3000), Outcome::Changed);
    EXPECT_EQ(describe_runs(sketch), "Z:100 v:3,4 Z:16280");
    EXPECT_EQ(raise_sparse(sketch, {102, 32}, 3000), Outcome::Changed);
    EXPECT_EQ(describe_runs(sketch), "Z:100 v:3,2 v:32,1 v:3,1 Z:16280");
    EXPECT_EQ(raise_sparse(sketch, {0, 1}, 3000), Outcome::Changed);
    EXPECT_EQ(raise_sparse(sketch, {16383, 1}, 3000), Outcome::Changed);
    EXPECT_EQ(describe_runs(sketch), "v:1,1 Z:99 v:3,2 v:32,1 v:3,1 Z:16279 v:1,1");
    EXPECT_EQ(raise_sparse(sketch, {16383, 33}, 3000), Outcome::Changed);
    EXPECT_TRUE(is_dense(sketch));
}

TEST(HyperLogLog, FormsAgreeAndCountWithinTheError) {
    std::string sparse = empty_sketch();
    std::string dense = empty_sketch();
    ASSERT_TRUE(to_dense(dense));
    std::mt19937_64 random(3);
    for (uint64_t added = 1; added <= 100000; ++added) {
        const Mark mark = mark_of(std::to_string(random()));
        const bool raised = raise_dense(dense.data(), mark);
        ASSERT_EQ(raise(sparse, mark, 3000) == Outcome::Changed, raised);
        if ((added & (added - 1)) != 0 && added != 100000) continue;
        Registers one{};
        Registers other{};
        ASSERT_TRUE(merge_into(one, sparse));
        ASSERT_TRUE(merge_into(other, dense));
        EXPECT_EQ(one, other);
        const auto counted = static_cast<double>(count_of(sparse));
        EXPECT_EQ(count_of(dense), count_of(sparse));
        EXPECT_NEAR(counted, static_cast<double>(added), 1 + 0.04 * static_cast<double>(added));
    }
    EXPECT_TRUE(is_dense(sparse));
}

TEST(HyperLogLog, MergingIsTheMaximum) {
    std::string sketch = empty_sketch();
    raise_sparse(sketch, {5, 7}, 3000);
    Registers registers{};
    registers[5] = 3;
    registers[16383] = 51;
    ASSERT_TRUE(merge_into(registers, sketch));
    EXPECT_EQ(registers[5], 7);
    const std::string dense = dense_sketch(sketch, registers);
    EXPECT_TRUE(is_sketch(dense));
    EXPECT_FALSE(cached_count(dense).has_value());
    Registers again{};
    ASSERT_TRUE(merge_into(again, dense));
    EXPECT_EQ(again, registers);
}

TEST(HyperLogLog, CountIsKeptAndForgotten) {
    std::string sketch = empty_sketch();
    cache_count(sketch.data(), 12345678901);
    EXPECT_EQ(cached_count(sketch), 12345678901u);
    forget_count(sketch.data());
    EXPECT_FALSE(cached_count(sketch).has_value());
}

TEST(HyperLogLog, DamagedRunsAreFound) {
    const std::string header = empty_sketch().substr(0, kHeaderBytes);
    for (const std::string& runs :
         {std::string(), std::string("\x7f"), std::string("\x7f\xfe"),
          std::string("\x7f\xff\x00", 3), std::string("\x40"), std::string(17000, '\x3f')}) {
        std::string sketch = header + runs;
        ASSERT_TRUE(is_sketch(sketch));
        Registers registers{};
        EXPECT_FALSE(merge_into(registers, sketch));
        Histogram histogram{};
        EXPECT_FALSE(count_registers(histogram, sketch));
        EXPECT_NE(raise_sparse(sketch, {16383, 60}, 3000), Outcome::Changed);
    }
    EXPECT_FALSE(is_sketch("HYLL"));
    EXPECT_FALSE(is_sketch(std::string("HYLL\0", 5) + std::string(11, '\0')));
    EXPECT_FALSE(is_sketch(std::string("HYLL\2", 5) + std::string(11, '\0')));
}

TEST(HyperLogLog, AnyBytesAreTakenWithoutHarm) {
    std::mt19937 random(11);
    for (int round = 0; round < 2000; ++round) {
        std::string sketch = empty_sketch().substr(0, kHeaderBytes);
        const size_t bytes = random() % 200;
        for (size_t at = 0; at < bytes; ++at) sketch += static_cast<char>(random());
        Registers registers{};
        const bool sound = merge_into(registers, sketch);
        describe_runs(sketch);
        for (int each = 0; each < 20; ++each) {
            raise(
                sketch,
                {static_cast<uint32_t>(random() % 16384), static_cast<uint8_t>(1 + random() % 51)},
                3000);
        }
        if (sound) {
            EXPECT_TRUE(merge_into(registers, sketch));
        }
    }
}

}  // namespace
