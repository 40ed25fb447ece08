// SPDX-License-Identifier: BSD-3-Clause
//
// Under which name an error is counted: its first word.
//
// Scripts make up words of their own. Beyond a number of kinds, those that are new count together.
//
// Threads: any; counting: main thread.
#pragma once

#include <string_view>

#include "engine/engine.h"

namespace millrace::engine {

// Compat: an error whose first word does not end within 31 bytes counts as ERR.
inline std::string_view error_prefix(std::string_view text) {
    constexpr size_t kPrefixBytesMax = 31;
    const size_t end = text.substr(0, kPrefixBytesMax).find(' ');
    return end == std::string_view::npos ? "ERR" : text.substr(0, end);
}

// Counts an error that a script made.
inline void count_script_error(Engine& engine, std::string_view text) {
    constexpr size_t kKindsMax = 128;
    const auto& kinds = engine.counters().errors_by_prefix;
    const bool overflows = kinds.size() >= kKindsMax && !kinds.contains(error_prefix(text));
    engine.count_error(overflows ? "ERRORSTATS_OVERFLOW " : text);
}

}  // namespace millrace::engine
