// SPDX-License-Identifier: BSD-3-Clause
//
// What SCAN, HSCAN, SSCAN and ZSCAN share: the cursor, the options, and how far one call walks.
//
// Threads: main thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "engine/call.h"

namespace millrace::commands::support {

enum class ScanKind : uint8_t { Keys, Set, Hash, SortedSet };

struct ScanOptions {
    int64_t count = 10;
    std::optional<std::string_view> pattern = {};  // None: everything.
    std::optional<keyspace::ValueType> type = {};  // Keys only.
    bool no_values = false;                        // Hash only.
    bool no_scores = false;                        // SortedSet only.

    bool wants(std::string_view name) const;
    // Compat: one call looks at `count` elements, but never takes more steps than ten times that.
    int64_t steps_max() const;
};

Result<uint64_t> parse_scan_cursor(const engine::Call& call, size_t at);
Result<ScanOptions> parse_scan_options(const engine::Call& call, size_t from, ScanKind kind);

// A lone star is everything, which saves the comparison and, unlike the pattern, takes empty names.
std::optional<std::string_view> name_pattern(std::string_view argument);

}  // namespace millrace::commands::support
