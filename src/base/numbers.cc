// SPDX-License-Identifier: BSD-3-Clause
#include "base/numbers.h"

#include <array>
#include <bit>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/bytes.h"

namespace millrace {
namespace {

using numbers_detail::Parsed;

static_assert(std::endian::native == std::endian::little);

constexpr uint64_t kEightZeros = 0x3030303030303030;
constexpr char kDigitPairs[] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
    "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
    "8081828384858687888990919293949596979899";

constexpr size_t kLongDoubleCharsMax = 5 * 1024;

uint64_t eight_digits(uint64_t word) {
    return (((word + 0x4646464646464646) | (word - kEightZeros)) & 0x8080808080808080) == 0;
}

// Adds neighbours up: 8 digits to 4 numbers below 100, to 2 below 10,000, to one.
uint64_t eight_digits_value(uint64_t word) {
    word = (word & 0x0f0f0f0f0f0f0f0f) * 2561 >> 8;
    word = (word & 0x00ff00ff00ff00ff) * 6553601 >> 16;
    return (word & 0x0000ffff0000ffff) * 42949672960001 >> 32;
}

// The first `size` bytes of `word` as its last digits, behind zeros; 1 <= size <= 8.
uint64_t align_digits(uint64_t word, size_t size) {
    const size_t shift = (8 - size) * 8;
    return (word << shift) | (kEightZeros >> 1 >> (63 - shift));
}

constexpr Parsed kNotANumber{0, 0};

Parsed parse_up_to_3_digits(const char* text, size_t size) {
    uint64_t value = 0;
    for (size_t i = 0; i < size; ++i) {
        const unsigned digit = static_cast<unsigned char>(text[i]) - unsigned{'0'};
        if (digit > 9) return kNotANumber;
        value = value * 10 + digit;
    }
    return {value, 1};
}

Parsed parse_9_to_16_digits(const char* text, size_t size) {
    const uint64_t high = align_digits(load<uint64_t>(text), size - 8);
    const uint64_t low = load<uint64_t>(text + size - 8);
    return {eight_digits_value(high) * 100000000 + eight_digits_value(low),
            eight_digits(high) & eight_digits(low)};
}

// The value of 1 to 19 digits; not valid when there is another character.
Parsed parse_digits(const char* text, size_t size) {
    if (size < 4) return parse_up_to_3_digits(text, size);
    if (size <= 8) {
        const uint64_t head = load<uint32_t>(text);
        const uint64_t tail = load<uint32_t>(text + size - 4);
        const uint64_t digits = align_digits(head | tail << (size - 4) * 8, size);
        return {eight_digits_value(digits), eight_digits(digits)};
    }
    if (size <= 16) return parse_9_to_16_digits(text, size);
    const Parsed high = parse_up_to_3_digits(text, size - 16);
    const Parsed low = parse_9_to_16_digits(text + size - 16, 16);
    return {high.value * 10000000000000000 + low.value, high.valid & low.valid};
}

// 10^i, the smallest number of i + 1 digits; but 0 has a digit as well.
constexpr auto kPowersOfTen = [] {
    std::array<uint64_t, 20> powers{};
    uint64_t power = 1;
    for (uint64_t& entry : powers) {
        entry = power;
        power *= 10;
    }
    powers[0] = 0;
    return powers;
}();

size_t digit_count(uint64_t value) {
    // 1233 / 4096 is a little more than log10(2), so the estimate is right or one too high.
    const size_t estimate = static_cast<size_t>(64 - std::countl_zero(value | 1)) * 1233 >> 12;
    return estimate + (value >= kPowersOfTen[estimate]);
}

}  // namespace

Parsed numbers_detail::parse_integer_checked(const char* text, size_t size) {
    const bool negative = text[0] == '-';
    text += negative;
    size -= negative;
    if (size - 1 >= 19) return kNotANumber;
    if (text[0] == '0') return {0, size == 1 && !negative};

    const Parsed digits = parse_digits(text, size);
    if (digits.value > uint64_t{INT64_MAX} + negative) return kNotANumber;
    return {negative ? 0 - digits.value : digits.value, digits.valid};
}

std::optional<uint64_t> parse_unsigned(std::string_view text) {
    if (text.size() - 1 >= kIntegerCharsMax) return std::nullopt;
    if (text[0] == '0' && text.size() > 1) return std::nullopt;
    const auto [value, valid] = parse_digits(text.data(), std::min<size_t>(text.size(), 19));
    if (!valid) return std::nullopt;
    if (text.size() < kIntegerCharsMax) return value;

    const auto [last, last_valid] = parse_digits(text.data() + 19, 1);
    if (!last_valid) return std::nullopt;
    uint64_t sum = 0;
    if (__builtin_mul_overflow(value, uint64_t{10}, &sum)) return std::nullopt;
    if (__builtin_add_overflow(sum, last, &sum)) return std::nullopt;
    return sum;
}

std::optional<uint64_t> parse_unsigned_lenient(std::string_view text) {
    if (const auto strict = parse_unsigned(text)) return strict;
    if (parse_integer(text)) return std::nullopt;  // Below zero.

    // Compat: so "-1" is refused, and with a zero byte behind it, which ends it here, it is not.
    text = text.substr(0, text.find('\0'));
    size_t at = 0;
    while (at < text.size() && (text[at] == ' ' || (text[at] >= '\t' && text[at] <= '\r'))) ++at;
    const bool negative = at < text.size() && text[at] == '-';
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    if (at == text.size()) return std::nullopt;
    while (at + 1 < text.size() && text[at] == '0') ++at;
    const auto value = parse_unsigned(text.substr(at));
    if (!value) return std::nullopt;
    return negative ? 0 - *value : *value;
}

std::optional<double> parse_double(std::string_view text) {
    if (text.starts_with('+')) {
        text.remove_prefix(1);
        if (text.starts_with('-')) return std::nullopt;
    }
    double value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, code] = std::from_chars(text.data(), end, value);
    if (code != std::errc() || stop != end || std::isnan(value)) return std::nullopt;
    return value;
}

std::optional<long double> parse_long_double(std::string_view text) {
    if (text.empty() || text.size() >= kLongDoubleCharsMax) return std::nullopt;
    if (std::isspace(static_cast<unsigned char>(text[0]))) return std::nullopt;
    char copy[kLongDoubleCharsMax];
    std::memcpy(copy, text.data(), text.size());
    copy[text.size()] = 0;

    errno = 0;
    char* stop = nullptr;
    const long double value = std::strtold(copy, &stop);
    if (stop != copy + text.size() || std::isnan(value)) return std::nullopt;
    if (errno == ERANGE && (std::isinf(value) || value == 0)) return std::nullopt;
    return value;
}

size_t format_unsigned(char* out, uint64_t value) {
    const size_t size = digit_count(value);
    char* end = out + size;
    while (value >= 100) {
        end -= 2;
        std::memcpy(end, kDigitPairs + value % 100 * 2, 2);
        value /= 100;
    }
    if (value >= 10) {
        std::memcpy(out, kDigitPairs + value * 2, 2);
    } else {
        *out = static_cast<char>('0' + value);
    }
    return size;
}

size_t format_integer(char* out, int64_t value) {
    if (value >= 0) return format_unsigned(out, static_cast<uint64_t>(value));
    *out = '-';
    return 1 + format_unsigned(out + 1, 0 - static_cast<uint64_t>(value));
}

std::string format_long_double_human(long double value) {
    if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
    if (std::isnan(value)) return "nan";
    char text[kLongDoubleCharsMax];
    const int size = std::snprintf(text, sizeof text, "%.17Lf", value);
    std::string_view shown(text, static_cast<size_t>(size));
    while (shown.ends_with('0')) shown.remove_suffix(1);
    if (shown.ends_with('.')) shown.remove_suffix(1);
    return shown == "-0" ? "0" : std::string(shown);
}

}  // namespace millrace
