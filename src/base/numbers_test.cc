// SPDX-License-Identifier: BSD-3-Clause
#include "base/numbers.h"

#include <gtest/gtest.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <random>

namespace millrace {
namespace {

std::string shown(double value) {
    char text[kDoubleCharsMax];
    return {text, format_double(text, value)};
}

std::string shown_integer(int64_t value) {
    char text[kIntegerCharsMax];
    return {text, format_integer(text, value)};
}

// The definition of an integer: the text that printing gives back.
std::optional<int64_t> slow_parse_integer(std::string_view text) {
    int64_t value = 0;
    const auto [stop, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc() || stop != text.data() + text.size()) return std::nullopt;
    if (std::to_string(value) != text) return std::nullopt;
    return value;
}

TEST(Numbers, IntegersOfEachLength) {
    uint64_t value = 0;
    for (int digits = 1; digits <= 19; ++digits) {
        value = value * 10 + static_cast<uint64_t>(digits % 10);
        for (const std::string sign : {"", "-"}) {
            const std::string text = sign + std::to_string(value);
            EXPECT_EQ(parse_integer(text), slow_parse_integer(text)) << text;
            EXPECT_TRUE(parse_integer(text)) << text;
            for (size_t i = sign.size(); i < text.size(); ++i) {
                for (const char wrong : {'/', ':', ' ', '_', 'x', '\0', '\xb1'}) {
                    std::string damaged = text;
                    damaged[i] = wrong;
                    EXPECT_FALSE(parse_integer(damaged)) << damaged;
                }
            }
        }
    }
}

TEST(Numbers, IntegerBoundsAndRefusals) {
    for (const int64_t value : {INT64_MIN, INT64_MIN + 1, int64_t{-1}, int64_t{0}, INT64_MAX}) {
        EXPECT_EQ(parse_integer(std::to_string(value)), value);
        EXPECT_EQ(shown_integer(value), std::to_string(value));
    }
    for (const char* text :
         {"", "-", "+1", "-0", "00", "01", "-01", " 1", "1 ", "1.0", "1e3", "--1", "0x1",
          "9223372036854775808", "-9223372036854775809", "9999999999999999999",
          "12345678901234567890", "-12345678901234567890", "000000000000000000001"}) {
        EXPECT_FALSE(parse_integer(text)) << text;
    }
}

TEST(Numbers, RandomIntegersRoundTrip) {
    std::mt19937_64 random(1);
    for (int i = 0; i < 20000; ++i) {
        const auto value = static_cast<int64_t>(random()) >> (random() % 64);
        EXPECT_EQ(parse_integer(shown_integer(value)), value);
        EXPECT_EQ(shown_integer(value), std::to_string(value));
        std::string text = std::to_string(value);
        text[random() % text.size()] = "0123456789-/:"[random() % 13];
        EXPECT_EQ(parse_integer(text), slow_parse_integer(text)) << text;
    }
}

TEST(Numbers, Unsigned) {
    EXPECT_EQ(parse_unsigned("0"), 0u);
    EXPECT_EQ(parse_unsigned("9999999999999999999"), 9999999999999999999u);
    EXPECT_EQ(parse_unsigned("18446744073709551615"), UINT64_MAX);
    for (const char* text :
         {"", "-1", "+1", "00", "01", "18446744073709551616", "1844674407370955161x",
          "28446744073709551615", "184467440737095516150"}) {
        EXPECT_FALSE(parse_unsigned(text)) << text;
    }
}

// Each line was tried on Valkey 9.1.2 as a part of a stream ID.
TEST(Numbers, LenientUnsigned) {
    EXPECT_EQ(parse_unsigned_lenient("5"), 5u);
    EXPECT_EQ(parse_unsigned_lenient("+5"), 5u);
    EXPECT_EQ(parse_unsigned_lenient(" 5"), 5u);
    EXPECT_EQ(parse_unsigned_lenient("\v5"), 5u);
    EXPECT_EQ(parse_unsigned_lenient("  +7"), 7u);
    EXPECT_EQ(parse_unsigned_lenient("00"), 0u);
    EXPECT_EQ(parse_unsigned_lenient("00000000000000000000000000000000001"), 1u);
    EXPECT_EQ(parse_unsigned_lenient("-01"), UINT64_MAX);
    EXPECT_EQ(parse_unsigned_lenient(" -1"), UINT64_MAX);
    EXPECT_EQ(parse_unsigned_lenient("-0"), 0u);
    for (const char* text : {"", "-", "-1", "- 1", "+-1", "0x5", "1 ", "18446744073709551616",
                             "-18446744073709551616"}) {
        EXPECT_FALSE(parse_unsigned_lenient(text)) << text;
    }
}

// Each line was tried on Valkey 9.1.2 as a score of ZADD.
TEST(Numbers, Doubles) {
    const double infinity = std::numeric_limits<double>::infinity();
    const std::pair<const char*, double> taken[] = {
        {"1", 1},
        {"+1.5", 1.5},
        {"1.", 1},
        {".5", 0.5},
        {"-.5", -0.5},
        {"1E5", 1e5},
        {"1e+5", 1e5},
        {"inf", infinity},
        {"+inf", infinity},
        {"-inf", -infinity},
        {"INFINITY", infinity},
        {"-infinity", -infinity},
        {"1.7976931348623157e308", 1.7976931348623157e308},
        {"4.9e-324", 5e-324},
        {"2.2250738585072011e-308", 2.2250738585072011e-308},
        {"0e0", 0},
        {"00001", 1},
        {"1e00005", 1e5},
        {"0e5000", 0},
        {"0.000e-5000", 0},
    };
    for (const auto& [text, value] : taken) EXPECT_EQ(parse_double(text), value) << text;
    EXPECT_TRUE(std::signbit(*parse_double("-0.0")));
    for (const char* text : {"",
                             ".",
                             "-",
                             "+",
                             "+-1",
                             "-+1",
                             "--1",
                             "1e",
                             "e5",
                             "0x10",
                             "0x1p3",
                             "infi",
                             "nan",
                             "-nan",
                             "nan(1)",
                             " 1",
                             "1 ",
                             "\t1",
                             "1e400",
                             "-1e400",
                             "1e-400",
                             "2e-324",
                             "1.7976931348623159e308",
                             "1_0",
                             "1,5",
                             "1f",
                             "0x"}) {
        EXPECT_FALSE(parse_double(text)) << text;
    }
    EXPECT_FALSE(parse_double(std::string_view("1\0", 2)));
    EXPECT_FALSE(parse_double("1" + std::string(5200, '0')));
}

// Each line was tried on Valkey 9.1.2 with INCRBYFLOAT.
TEST(Numbers, LongDoubles) {
    EXPECT_EQ(parse_long_double("0x10"), 16.0L);
    EXPECT_EQ(parse_long_double("0x1p3"), 8.0L);
    EXPECT_EQ(parse_long_double("-0x1"), -1.0L);
    EXPECT_EQ(parse_long_double("1e4932"), 1e4932L);
    EXPECT_EQ(parse_long_double("3.4e-4950"), 3.4e-4950L);
    EXPECT_TRUE(std::isinf(*parse_long_double("-infinity")));
    for (const char* text : {"", " 1", "1 ", "nan", "1e4933", "1e-5000", "0x", "1e", "+", "1_0"}) {
        EXPECT_FALSE(parse_long_double(text)) << text;
    }
    EXPECT_FALSE(parse_long_double(std::string_view("1\0", 2)));
    EXPECT_FALSE(parse_long_double("1" + std::string(5200, '0')));
}

TEST(Numbers, HumanLongDoubles) {
    EXPECT_EQ(format_long_double_human(0), "0");
    EXPECT_EQ(format_long_double_human(-1e-18L), "0");
    EXPECT_EQ(format_long_double_human(3e-17L), "0.00000000000000003");
    EXPECT_EQ(format_long_double_human(10.5L), "10.5");
    EXPECT_EQ(format_long_double_human(100), "100");
    EXPECT_EQ(format_long_double_human(1e20L), "100000000000000000000");
    EXPECT_EQ(format_long_double_human(1e4932L).size(), 4933u);
}

// Scores as Valkey 9.1.2 answered them, oddities included.
TEST(Numbers, DoublesAsShown) {
    const std::pair<double, const char*> table[] = {
        {0.0, "0"},
        {-0.0, "-0"},
        {3, "3"},
        {-17, "-17"},
        {0.5, "0.5"},
        {0.000001, "0.000001"},
        {2e-7, "2e-7"},
        {9.9999e-4, "9.9999e-4"},
        {0.01234567, "0.01234567"},
        {1.23e-15, "1.23e-15"},
        {5e-324, "5e-324"},
        {1e308, "1e+308"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {2.2250738585072011e-308, "2.225073858507201e-308"},
        {5e19, "5e+19"},
        {5e18, "5e+18"},
        {1.1320596465314437e17, "113205964653144368"},
        {6854764416830065000.0, "6854764416830065000"},
        {1e23 + 1e7, "100000000000000010000000"},
        {1.234567e17, "123456700000000000"},
        {281.56447, "281.56446999999997"},
        {-793.9179575, "-793.9179575000001"},
        {889776885022266.25, "889776885022266.3"},
        {1519645874440955.75, "1519645874440955.7"},
        {5e22, "49999999999999996000000"},
        {-2.3315557828687064e-108, "-2.3315557828687065e-108"},
        {std::numeric_limits<double>::infinity(), "inf"},
        {-std::numeric_limits<double>::infinity(), "-inf"},
        {std::nan(""), "nan"},
    };
    for (const auto& [value, text] : table) EXPECT_EQ(shown(value), text);
}

TEST(Numbers, ShownDoublesReadBack) {
    std::mt19937_64 random(2);
    for (int i = 0; i < 200000; ++i) {
        const auto value = std::bit_cast<double>(random());
        if (!std::isfinite(value)) continue;
        const std::string text = shown(value);
        ASSERT_LE(text.size(), kDoubleCharsMax);
        ASSERT_EQ(parse_double(text), value) << text;
    }
    for (int exponent = 0; exponent < 2047; ++exponent) {
        for (const uint64_t fraction : {uint64_t{0}, uint64_t{1}, (uint64_t{1} << 52) - 1}) {
            const auto value =
                std::bit_cast<double>(static_cast<uint64_t>(exponent) << 52 | fraction);
            ASSERT_EQ(parse_double(shown(value)), value);
        }
    }
}

}  // namespace
}  // namespace millrace
