// SPDX-License-Identifier: BSD-3-Clause
#include "base/token.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

using namespace std::string_view_literals;

TEST(Token, IsTheWordInAnyCase) {
    EXPECT_TRUE(is_token("NX", "NX"));
    EXPECT_TRUE(is_token("nX", "NX"));
    EXPECT_FALSE(is_token("N", "NX"));
    EXPECT_FALSE(is_token("NXX", "NX"));
    EXPECT_FALSE(is_token("", "NX"));
    EXPECT_TRUE(is_token("", ""));
}

TEST(Token, EndsAtAZeroByte) {
    EXPECT_TRUE(is_token("NX\0"sv, "NX"));
    EXPECT_TRUE(is_token("nx\0more"sv, "NX"));
    EXPECT_FALSE(is_token("N\0X"sv, "NX"));
    EXPECT_FALSE(is_token("\0NX"sv, "NX"));
    EXPECT_TRUE(is_token("\0"sv, ""));
}

TEST(Token, TextUntilZero) {
    EXPECT_EQ(until_zero("abc"), "abc");
    EXPECT_EQ(until_zero("a\0c"sv), "a");
    EXPECT_EQ(until_zero("\0c"sv), "");
    EXPECT_EQ(until_zero(""), "");
}

}  // namespace
}  // namespace millrace
