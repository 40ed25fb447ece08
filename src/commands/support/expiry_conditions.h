// SPDX-License-Identifier: BSD-3-Clause
//
// NX, XX, GT and LT: under which conditions EXPIRE, HEXPIRE and their like change an expiry.
//
// Threads: main thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/call.h"

namespace millrace::commands::support {

struct ExpiryConditions {
    bool nx = false;
    bool xx = false;
    bool gt = false;
    bool lt = false;

    // Whether what expires at `before_ms` may expire at `after_ms` instead. No expiry means never.
    bool allow(int64_t before_ms, int64_t after_ms) const {
        const bool expires = before_ms != keyspace::kNoExpiry;
        if (nx && expires) return false;
        if (xx && !expires) return false;
        if (gt && (!expires || after_ms <= before_ms)) return false;
        return !(lt && expires && after_ms >= before_ms);
    }
};

// The arguments in [from, to), all of which are conditions.
Result<ExpiryConditions> parse_expiry_conditions(const engine::Call& call, size_t from, size_t to);

}  // namespace millrace::commands::support
