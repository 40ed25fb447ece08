// SPDX-License-Identifier: BSD-3-Clause
#include "admin/key_report.h"

#include <gtest/gtest.h>

namespace millrace::admin {
namespace {

using engine::HotKeys;
using engine::KeyMeasure;

// A window of ten seconds in which commands took `total` seconds, and those on one key `hot`.
HotKeys::Window window(uint64_t total, uint64_t hot) {
    HotKeys::Window made;
    constexpr uint64_t kSecond = 1'000'000'000;
    const auto time = static_cast<size_t>(KeyMeasure::Time);
    made.milliseconds = 10'000;
    made.total[time] = total * kSecond;
    made.top[time].push_back({.key = "a \"key\"", .db = 3, .amount = hot * kSecond});
    return made;
}

TEST(KeyReportTest, NamesAHotKey) {
    const std::string text = describe_hot_keys(window(5, 4));
    EXPECT_EQ(text,
              "- The key \"a \\\"key\\\"\" of database 3 had 80 % of the time of all commands. "
              "HOTKEYS GET BY CPU shows more.\n");
}

TEST(KeyReportTest, SilentWhereNothingStandsOut) {
    EXPECT_EQ(describe_hot_keys(HotKeys::Window()), "");
    EXPECT_EQ(describe_hot_keys(window(9, 1)), "");
    EXPECT_EQ(describe_hot_keys(window(0, 0)), "");
    EXPECT_EQ(describe_big_keys({}, 1), "");
}

TEST(KeyReportTest, NamesABigKey) {
    constexpr uint64_t kMegabyte = 1024 * 1024;
    const std::vector<keyspace::BigKeys::Item> keys = {
        {.key = std::string(1000, 'k'), .db = 1, .bytes = 50 * kMegabyte}};
    const std::string text = describe_big_keys(keys, 100 * kMegabyte);
    EXPECT_NE(text.find("50.00M"), std::string::npos);
    EXPECT_LT(text.size(), 300u);
    EXPECT_EQ(describe_big_keys(keys, 1000 * kMegabyte), "");
}

}  // namespace
}  // namespace millrace::admin
