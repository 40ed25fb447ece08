// SPDX-License-Identifier: BSD-3-Clause
//
// The append-only file, as commands and the pipeline see it. The engine neither writes nor reads
// it.
//
// Threads: main thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace millrace::engine {

class Session;

// Who decides when replies may leave. A reply is made at some place in the log, its mark, and
// leaves when that place is safe enough.
class ReplyGate {
public:
    virtual ~ReplyGate() = default;
    // The mark of what is published now.
    virtual uint64_t mark() = 0;
    // What has a mark up to this one may leave.
    virtual uint64_t released() = 0;
    // Has what was noted so far brought to a safe place.
    virtual void hand_over() = 0;
};

class AppendLog {
public:
    virtual ~AppendLog() = default;
    virtual bool enabled() const = 0;
    // Whether what was logged up to `offset` (Session::log_offset) survives a power cut.
    virtual bool is_local_copy(uint64_t offset) const = 0;
    // A blocked session whose command runs again when more of the log is on disk.
    virtual void await(Session& session) = 0;
    // BGREWRITEAOF; the result is the reply.
    virtual Result<std::string_view> rewrite() = 0;
    // DEBUG LOADAOF.
    virtual Status reload() = 0;
    // DEBUG AOF-FLUSH-SLEEP.
    virtual void set_write_delay_us(int64_t delay) = 0;
};

}  // namespace millrace::engine
