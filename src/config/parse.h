// SPDX-License-Identifier: BSD-3-Clause
//
// The words of a setting, to and from values: integers, memory sizes, percentages, yes and no.
//
// Error texts are those that Valkey shows to clients and in a refused configuration file.
//
// Threads: any; every function touches only its arguments.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace millrace::config {

// How an integer is written.
enum class Unit {
    Plain,            // 42, strictly: no plus sign, no leading zeros
    Memory,           // 42, 1k, 1kb, 5mb, 2gb; k is 1000 and kb is 1024
    MemoryOrPercent,  // as Memory, or 5%, which is kept as -5
    Octal,            // 755
};

inline constexpr ErrorText kNotInteger{"argument couldn't be parsed into an integer"};
inline constexpr ErrorText kNotMemory{"argument must be a memory value"};
inline constexpr ErrorText kNotMemoryOrPercent{"argument must be a memory or percent value"};
inline constexpr ErrorText kPercentTooLarge{"percentage argument must be less or equal to 100"};
inline constexpr ErrorText kNotOctal{"argument couldn't be parsed as an octal number"};
inline constexpr ErrorText kNotYesOrNo{"argument must be 'yes' or 'no'"};
inline constexpr ErrorText kWrongNumberOfArguments{"wrong number of arguments"};

Result<bool> parse_yes_no(std::string_view text);
Result<int64_t> parse_integer(std::string_view text);
Result<uint64_t> parse_memory(std::string_view text);

// In `unit`, within the bounds.
Result<int64_t> parse_integer(std::string_view text, Unit unit, int64_t min, int64_t max);
Result<uint64_t> parse_unsigned(std::string_view text, Unit unit, uint64_t min, uint64_t max);

// What CONFIG GET shows.
std::string print_integer(int64_t value, Unit unit);
std::string print_unsigned(uint64_t value, Unit unit);

// What CONFIG REWRITE writes: whole gigabytes, megabytes and kilobytes get their unit.
std::string write_integer(int64_t value, Unit unit);
std::string write_unsigned(uint64_t value, Unit unit);

bool equal_ignoring_case(std::string_view a, std::string_view b);
std::string lower_case(std::string_view text);

// The parts of `text` between single spaces; two spaces in a row make an empty part, "" has no
// parts.
std::vector<std::string> split_at_spaces(std::string_view text);

}  // namespace millrace::config
