// SPDX-License-Identifier: BSD-3-Clause
#include "base/glob.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace {
namespace {

TEST(Glob, PlainBytesMatchThemselves) {
    EXPECT_TRUE(glob_matches("", ""));
    EXPECT_TRUE(glob_matches("key", "key"));
    EXPECT_FALSE(glob_matches("key", "keys"));
    EXPECT_FALSE(glob_matches("keys", "key"));
    EXPECT_FALSE(glob_matches("key", "KEY"));
    EXPECT_TRUE(glob_matches("key", "KEY", LetterCase::Ignored));
}

TEST(Glob, Wildcards) {
    EXPECT_FALSE(glob_matches("*", ""));
    EXPECT_TRUE(glob_matches("**", "anything"));
    EXPECT_TRUE(glob_matches("key**", "key"));
    EXPECT_TRUE(glob_matches("k*y", "ky"));
    EXPECT_TRUE(glob_matches("k*y", "kyky"));
    EXPECT_FALSE(glob_matches("k*y", "kyk"));
    EXPECT_TRUE(glob_matches("*a*b", "aab"));
    EXPECT_TRUE(glob_matches("k?y", "key"));
    EXPECT_FALSE(glob_matches("k?y", "ky"));
    EXPECT_FALSE(glob_matches("?", ""));
}

TEST(Glob, Sets) {
    EXPECT_TRUE(glob_matches("k[ae]y", "key"));
    EXPECT_FALSE(glob_matches("k[ae]y", "kiy"));
    EXPECT_TRUE(glob_matches("k[^ae]y", "kiy"));
    EXPECT_FALSE(glob_matches("k[^ae]y", "key"));
    EXPECT_TRUE(glob_matches("[a-c]", "b"));
    EXPECT_TRUE(glob_matches("[c-a]", "b"));
    EXPECT_FALSE(glob_matches("[a-c]", "d"));
    EXPECT_TRUE(glob_matches("[A-C]", "b", LetterCase::Ignored));
    EXPECT_TRUE(glob_matches("[\\]]", "]"));
    EXPECT_TRUE(glob_matches("[\\-x]", "-"));
    EXPECT_FALSE(glob_matches("[]", "a"));
    EXPECT_TRUE(glob_matches("[^]", "a"));
}

TEST(Glob, UnfinishedPatterns) {
    EXPECT_TRUE(glob_matches("[ab", "a"));
    EXPECT_TRUE(glob_matches("[a-", "-"));
    EXPECT_FALSE(glob_matches("[", "a"));
    EXPECT_TRUE(glob_matches("a\\", "a\\"));
    EXPECT_TRUE(glob_matches("a\\*", "a*"));
    EXPECT_FALSE(glob_matches("a\\*", "ab"));
}

TEST(Glob, ManyStarsTakeNoTimeWorthMentioning) {
    std::string pattern;
    for (int i = 0; i < 1000; ++i) pattern += "*a";
    const std::string text(20000, 'a');
    EXPECT_TRUE(glob_matches(pattern, text));
    EXPECT_FALSE(glob_matches(pattern + "b", text));
}

}  // namespace
}  // namespace millrace
