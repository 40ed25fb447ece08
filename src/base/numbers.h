// SPDX-License-Identifier: BSD-3-Clause
//
// Text to number and back, with exactly Valkey's idea of what a number is.
//
// parse_integer() decides how every value written is stored, so it is made to be fast and to refuse
// early.
//
// Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace {

inline constexpr size_t kIntegerCharsMax = 20;  // "-9223372036854775808", "18446744073709551615"
inline constexpr size_t kDoubleCharsMax = 32;

namespace numbers_detail {
// Travels in two registers; an std::optional would go through memory, which costs more than
// parsing.
struct Parsed {
    uint64_t value;
    uint64_t valid;
};
Parsed parse_integer_checked(const char* text, size_t size);
}  // namespace numbers_detail

// The integer whose shortest decimal form is `text`: no '+', spaces, leading zeros or "-0". So
// format_integer() gives back the same bytes.
inline std::optional<int64_t> parse_integer(std::string_view text) {
    if (text.size() - 1 >= kIntegerCharsMax) return std::nullopt;
    const auto first = static_cast<unsigned char>(text[0]);
    if (first - unsigned{'0'} > 9 && first != '-') return std::nullopt;
    const auto parsed = numbers_detail::parse_integer_checked(text.data(), text.size());
    if (!parsed.valid) return std::nullopt;
    return static_cast<int64_t>(parsed.value);
}

// Decimal digits only, no leading zeros, up to 2^64 - 1.
std::optional<uint64_t> parse_unsigned(std::string_view text);

// Compat: the parts of stream ids and the like take what C's strtoull takes: leading blanks, '+',
// leading zeros, and even "-01" for 2^64 - 1, though not "-1".
std::optional<uint64_t> parse_unsigned_lenient(std::string_view text);

// Decimal notation or an infinity, nothing before or behind it. Not a number, hexadecimal, and what
// a double cannot hold (too large, or not zero and too small) are refused.
std::optional<double> parse_double(std::string_view text);

// As parse_double(), in the range of long double.
// Compat: hexadecimal notation is taken here.
std::optional<long double> parse_long_double(std::string_view text);

// Writes `value` and returns how many chars that took, at most kIntegerCharsMax.
size_t format_integer(char* out, int64_t value);
size_t format_unsigned(char* out, uint64_t value);

// Writes `value` as replies show it and returns how many chars that took, at most kDoubleCharsMax:
// whole numbers below 2^62 digit by digit, the others with as many digits as reading them back
// needs, "inf", "-inf", "nan".
size_t format_double(char* out, double value);

// Fixed notation with up to 17 digits behind the point and no trailing zeros, as INCRBYFLOAT stores
// it.
std::string format_long_double_human(long double value);

}  // namespace millrace
