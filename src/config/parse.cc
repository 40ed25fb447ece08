// SPDX-License-Identifier: BSD-3-Clause
#include "config/parse.h"

#include <fmt/format.h>

#include <charconv>
#include <cstddef>
#include <limits>

#include "base/numbers.h"
#include "base/token.h"

namespace millrace::config {
namespace {

struct MemoryUnit {
    std::string_view name;
    uint64_t bytes;
};

constexpr uint64_t kKilobyte = 1024;
constexpr uint64_t kMegabyte = 1024 * kKilobyte;
constexpr uint64_t kGigabyte = 1024 * kMegabyte;

constexpr MemoryUnit kMemoryUnits[] = {
    {"", 1},          {"b", 1},          {"k", 1000},          {"kb", kKilobyte},
    {"m", 1'000'000}, {"mb", kMegabyte}, {"g", 1'000'000'000}, {"gb", kGigabyte},
};

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

template <typename T>
Error out_of_range(T min, T max, Unit unit) {
    if (unit == Unit::Octal) {
        return Error(fmt::format("argument must be between {:o} and {:o} inclusive", min, max));
    }
    return Error(fmt::format("argument must be between {} and {} inclusive", min, max));
}

// Digits as a number in `base`, all of them.
Result<uint64_t> parse_digits(std::string_view text, int base, ErrorText error) {
    uint64_t value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, code] = std::from_chars(text.data(), end, value, base);
    if (text.empty() || code != std::errc() || stop != end) return error;
    return value;
}

// Percentages are kept as negative numbers.
Result<int64_t> parse_memory_or_percent(std::string_view text) {
    if (text.ends_with('%')) {
        auto percent = parse_integer(text.substr(0, text.size() - 1));
        if (!percent.ok() || *percent < 0) return kNotMemoryOrPercent;
        if (*percent > 100) return kPercentTooLarge;
        return -*percent;
    }
    auto bytes = parse_memory(text);
    if (!bytes.ok()) return kNotMemoryOrPercent;
    if (*bytes > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
        return kPercentTooLarge;
    return static_cast<int64_t>(*bytes);
}

std::string write_memory(uint64_t bytes) {
    if (bytes == 0) return "0";
    if (bytes % kGigabyte == 0) return fmt::format("{}gb", bytes / kGigabyte);
    if (bytes % kMegabyte == 0) return fmt::format("{}mb", bytes / kMegabyte);
    if (bytes % kKilobyte == 0) return fmt::format("{}kb", bytes / kKilobyte);
    return fmt::format("{}", bytes);
}

}  // namespace

// Compat: a zero byte ends a word.
bool equal_ignoring_case(std::string_view a, std::string_view b) {
    a = until_zero(a);
    b = until_zero(b);
    if (a.size() != b.size()) return false;
    for (size_t i = 0; i < a.size(); ++i) {
        if (lower(a[i]) != lower(b[i])) return false;
    }
    return true;
}

std::string lower_case(std::string_view text) {
    std::string out(text);
    for (char& c : out) c = lower(c);
    return out;
}

std::vector<std::string> split_at_spaces(std::string_view text) {
    std::vector<std::string> parts;
    if (text.empty()) return parts;
    while (true) {
        const size_t space = text.find(' ');
        parts.emplace_back(text.substr(0, space));
        if (space == std::string_view::npos) return parts;
        text.remove_prefix(space + 1);
    }
}

Result<bool> parse_yes_no(std::string_view text) {
    if (equal_ignoring_case(text, "yes")) return true;
    if (equal_ignoring_case(text, "no")) return false;
    return kNotYesOrNo;
}

Result<int64_t> parse_integer(std::string_view text) {
    const auto value = millrace::parse_integer(text);
    if (!value) return kNotInteger;
    return *value;
}

// Compat: without digits the size is 0, so "" and "kb" are accepted.
Result<uint64_t> parse_memory(std::string_view text) {
    size_t digits = 0;
    while (digits < text.size() && is_digit(text[digits])) ++digits;
    const std::string_view name = text.substr(digits);
    for (const MemoryUnit& unit : kMemoryUnits) {
        if (!equal_ignoring_case(name, unit.name)) continue;
        if (digits == 0) return uint64_t{0};
        const uint64_t number = TRY(parse_digits(text.substr(0, digits), 10, kNotMemory));
        uint64_t bytes = 0;
        if (__builtin_mul_overflow(number, unit.bytes, &bytes)) return kNotMemory;
        return bytes;
    }
    return kNotMemory;
}

Result<int64_t> parse_integer(std::string_view text, Unit unit, int64_t min, int64_t max) {
    int64_t value = 0;
    if (unit == Unit::Plain) {
        value = TRY(parse_integer(text));
    } else if (unit == Unit::MemoryOrPercent) {
        return parse_memory_or_percent(text);
    } else if (unit == Unit::Memory && min < 0 && text.starts_with('-')) {
        auto negative = parse_integer(text);
        if (!negative.ok()) return kNotMemory;
        value = *negative;
    } else {
        const uint64_t parsed =
            TRY(unit == Unit::Octal ? parse_digits(text, 8, kNotOctal) : parse_memory(text));
        if (parsed > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
            return out_of_range(min, max, unit);
        }
        value = static_cast<int64_t>(parsed);
    }
    if (value < min || value > max) return out_of_range(min, max, unit);
    return value;
}

Result<uint64_t> parse_unsigned(std::string_view text, Unit unit, uint64_t min, uint64_t max) {
    uint64_t value = 0;
    if (unit == Unit::Plain) {
        const int64_t parsed = TRY(parse_integer(text));
        if (parsed < 0) return out_of_range(min, max, unit);
        value = static_cast<uint64_t>(parsed);
    } else {
        value = TRY(unit == Unit::Octal ? parse_digits(text, 8, kNotOctal) : parse_memory(text));
    }
    if (value < min || value > max) return out_of_range(min, max, unit);
    return value;
}

std::string print_integer(int64_t value, Unit unit) {
    if (unit == Unit::Octal) return fmt::format("{:o}", value);
    if (unit == Unit::MemoryOrPercent && value < 0) return fmt::format("{}%", -value);
    return fmt::format("{}", value);
}

std::string print_unsigned(uint64_t value, Unit unit) {
    return unit == Unit::Octal ? fmt::format("{:o}", value) : fmt::format("{}", value);
}

std::string write_integer(int64_t value, Unit unit) {
    const bool memory = unit == Unit::Memory || unit == Unit::MemoryOrPercent;
    if (memory && value >= 0) return write_memory(static_cast<uint64_t>(value));
    return print_integer(value, unit);
}

std::string write_unsigned(uint64_t value, Unit unit) {
    return unit == Unit::Memory ? write_memory(value) : print_unsigned(value, unit);
}

}  // namespace millrace::config
