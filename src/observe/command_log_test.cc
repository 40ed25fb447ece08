// SPDX-License-Identifier: BSD-3-Clause
//
// Thresholds, order, ids, and how long requests are cut.

#include "observe/command_log.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace millrace::observe {
namespace {

constexpr CommandLogKind kSlow = CommandLogKind::Slow;

void add(CommandLog& log, std::vector<std::string_view> words, int64_t value = 1) {
    log.add(kSlow, 100, value, words, "1.2.3.4:5", "me");
}

TEST(CommandLogTest, ThresholdsAreOffUntilConfigured) {
    CommandLog log;
    EXPECT_EQ(log.threshold(kSlow), INT64_MAX);
    log.configure(kSlow, {.threshold = 0, .entries_max = 128});
    EXPECT_EQ(log.threshold(kSlow), 0);
    EXPECT_EQ(log.threshold(CommandLogKind::LargeReply), INT64_MAX);
    log.configure(kSlow, {.threshold = -1, .entries_max = 128});
    EXPECT_EQ(log.threshold(kSlow), INT64_MAX);
    log.configure(kSlow, {.threshold = 10, .entries_max = 0});
    EXPECT_EQ(log.threshold(kSlow), INT64_MAX);
}

TEST(CommandLogTest, NewestFirstWithIdsThatGoOn) {
    CommandLog log;
    log.configure(kSlow, {.threshold = 0, .entries_max = 2});
    add(log, {"a"}, 7);
    add(log, {"b"});
    add(log, {"c"});
    ASSERT_EQ(log.entries(kSlow).size(), 2u);
    EXPECT_EQ(log.entries(kSlow)[0].id, 2);
    EXPECT_EQ(log.entries(kSlow)[0].words, std::vector<std::string>{"c"});
    EXPECT_EQ(log.entries(kSlow)[1].words, std::vector<std::string>{"b"});
    log.clear(kSlow);
    add(log, {"d"}, 9);
    EXPECT_EQ(log.entries(kSlow)[0].id, 3);
    EXPECT_EQ(log.entries(kSlow)[0].value, 9);
    EXPECT_EQ(log.entries(kSlow)[0].unix_seconds, 100);
    EXPECT_EQ(log.entries(kSlow)[0].peer, "1.2.3.4:5");
    EXPECT_EQ(log.entries(kSlow)[0].client_name, "me");
    EXPECT_TRUE(log.entries(CommandLogKind::LargeRequest).empty());
}

TEST(CommandLogTest, LongRequestsAreCut) {
    CommandLog log;
    log.configure(kSlow, {.threshold = 0, .entries_max = 8});
    std::vector<std::string_view> words(41, "x");
    add(log, words);
    ASSERT_EQ(log.entries(kSlow)[0].words.size(), 32u);
    EXPECT_EQ(log.entries(kSlow)[0].words[30], "x");
    EXPECT_EQ(log.entries(kSlow)[0].words[31], "... (10 more arguments)");
    words.resize(32);
    add(log, words);
    EXPECT_EQ(log.entries(kSlow)[0].words[31], "x");
}

TEST(CommandLogTest, LongWordsAreCut) {
    CommandLog log;
    log.configure(kSlow, {.threshold = 0, .entries_max = 8});
    const std::string fits(128, 'v');
    const std::string cut(200, 'v');
    add(log, {fits, cut});
    EXPECT_EQ(log.entries(kSlow)[0].words[0], fits);
    EXPECT_EQ(log.entries(kSlow)[0].words[1], fits + "... (72 more bytes)");
}

}  // namespace
}  // namespace millrace::observe
