// SPDX-License-Identifier: BSD-3-Clause
//
// The options that SET, GETEX, MSETEX and their like share: a condition, an expiry, GET.
//
// Threads: main thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "commands/support/expiry.h"
#include "engine/call.h"

namespace millrace::commands::support {

struct WriteOptions {
    enum class Condition : uint8_t { None, Missing, Exists, Equal };
    enum class Expiry : uint8_t { Unsaid, Keep, Persist, Set };

    Condition condition = Condition::None;
    Expiry expiry = Expiry::Unsaid;
    bool get = false;
    size_t comparison_at = 0;  // Equal: the argument to compare with.
    TimeForm time;             // Set: how the time was given, and where.
    size_t time_at = 0;
    int64_t expire_at_ms = keyspace::kNoExpiry;
};

// Words that a command takes besides EX, PX, EXAT and PXAT.
enum OptionWord : uint32_t {
    kWordNxXx = 1u << 0,
    kWordIfeq = 1u << 1,
    kWordGet = 1u << 2,
    kWordKeepttl = 1u << 3,
    kWordPersist = 1u << 4,
};

// Reads the arguments from `from` to the end. A word that is unknown, misplaced or at odds with
// another is a syntax error; after that the time is looked at.
Result<WriteOptions> parse_write_options(const engine::Call& call, size_t from, uint32_t words);

}  // namespace millrace::commands::support
