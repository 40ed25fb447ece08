// SPDX-License-Identifier: BSD-3-Clause
//
// Words to values and back; every expectation was seen on Valkey 9.1.2.
#include "config/parse.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace millrace::config {
namespace {

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

template <typename T>
std::string outcome(const Result<T>& result) {
    if (!result.ok()) return std::string(result.error().text());
    return std::to_string(result.value());
}

std::string memory(std::string_view text) {
    return outcome(parse_memory(text));
}

std::string percent(std::string_view text) {
    return outcome(parse_integer(text, Unit::MemoryOrPercent, 0, kMax));
}

TEST(Parse, YesAndNo) {
    EXPECT_EQ(outcome(parse_yes_no("YES")), "1");
    EXPECT_EQ(outcome(parse_yes_no("no")), "0");
    EXPECT_EQ(outcome(parse_yes_no("")), "argument must be 'yes' or 'no'");
}

TEST(Parse, IntegersHaveOneSpelling) {
    const std::string refused = "argument couldn't be parsed into an integer";
    for (const char* text :
         {"", "+1", "007", " 1", "1 ", "0x10", "1.5", "-0", "9223372036854775808"}) {
        EXPECT_EQ(outcome(parse_integer(text)), refused) << text;
    }
    EXPECT_EQ(outcome(parse_integer("-9223372036854775808")), "-9223372036854775808");
}

TEST(Parse, IntegersHaveBounds) {
    EXPECT_EQ(outcome(parse_integer("65535", Unit::Plain, 0, 65535)), "65535");
    EXPECT_EQ(outcome(parse_integer("-1", Unit::Plain, 0, 65535)),
              "argument must be between 0 and 65535 inclusive");
    EXPECT_EQ(outcome(parse_unsigned("-1", Unit::Plain, 1, 9)),
              "argument must be between 1 and 9 inclusive");
}

TEST(Parse, MemoryHasUnits) {
    EXPECT_EQ(memory("1b"), "1");
    EXPECT_EQ(memory("1K"), "1000");
    EXPECT_EQ(memory("1Kb"), "1024");
    EXPECT_EQ(memory("2m"), "2000000");
    EXPECT_EQ(memory("3gb"), "3221225472");
    EXPECT_EQ(memory("00012"), "12");
    EXPECT_EQ(memory("18446744073709551615"), "18446744073709551615");
    for (const char* text : {"1tb", "1.5gb", "1 gb", "-0", "0x", "18446744073709551616"}) {
        EXPECT_EQ(memory(text), "argument must be a memory value") << text;
    }
}

TEST(Parse, MemoryWithoutDigitsIsZero) {
    EXPECT_EQ(memory(""), "0");
    EXPECT_EQ(memory("kb"), "0");
}

// Valkey stores what is left of the product.
TEST(Parse, MemoryDoesNotOverflow) {
    EXPECT_EQ(memory("17179869184gb"), "argument must be a memory value");
}

TEST(Parse, SignedMemoryTakesPlainNegativeNumbers) {
    EXPECT_EQ(outcome(parse_integer("-1", Unit::Memory, -1, kMax)), "-1");
    EXPECT_EQ(outcome(parse_integer("-2", Unit::Memory, -1, kMax)),
              "argument must be between -1 and 9223372036854775807 inclusive");
    EXPECT_EQ(outcome(parse_integer("-1mb", Unit::Memory, -1, kMax)),
              "argument must be a memory value");
}

TEST(Parse, PercentagesAreNegative) {
    EXPECT_EQ(percent("5%"), "-5");
    EXPECT_EQ(percent("1mb"), "1048576");
    EXPECT_EQ(percent("101%"), "percentage argument must be less or equal to 100");
    EXPECT_EQ(percent("-1%"), "argument must be a memory or percent value");
    EXPECT_EQ(percent("%"), "argument must be a memory or percent value");
    EXPECT_EQ(print_integer(-5, Unit::MemoryOrPercent), "5%");
}

TEST(Parse, Octal) {
    EXPECT_EQ(outcome(parse_integer("0700", Unit::Octal, 0, 0777)), "448");
    EXPECT_EQ(outcome(parse_integer("8", Unit::Octal, 0, 0777)),
              "argument couldn't be parsed as an octal number");
    EXPECT_EQ(outcome(parse_integer("1000", Unit::Octal, 0, 0777)),
              "argument must be between 0 and 777 inclusive");
    EXPECT_EQ(print_integer(448, Unit::Octal), "700");
}

TEST(Parse, MemoryIsWrittenWithUnits) {
    EXPECT_EQ(write_unsigned(0, Unit::Memory), "0");
    EXPECT_EQ(write_unsigned(5 * 1024, Unit::Memory), "5kb");
    EXPECT_EQ(write_unsigned(9 * 1024 * 1024, Unit::Memory), "9mb");
    EXPECT_EQ(write_unsigned(3ull << 30, Unit::Memory), "3gb");
    EXPECT_EQ(write_unsigned(1048577, Unit::Memory), "1048577");
    EXPECT_EQ(write_integer(-7, Unit::MemoryOrPercent), "7%");
}

TEST(Parse, SpacesSplit) {
    using Parts = std::vector<std::string>;
    EXPECT_EQ(split_at_spaces(""), Parts{});
    EXPECT_EQ(split_at_spaces("a b"), (Parts{"a", "b"}));
    EXPECT_EQ(split_at_spaces(" a  b"), (Parts{"", "a", "", "b"}));
}

}  // namespace
}  // namespace millrace::config
