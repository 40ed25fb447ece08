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
#include "engine/services.h"
#include "observe/disk_counters.h"

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

// Who waits for the log waits for this key, which changes whenever more of the log is on disk.
inline constexpr std::string_view kAppendLogKey{"\0append-only file", 17};

class AppendLog {
public:
    virtual ~AppendLog() = default;
    virtual bool enabled() const = 0;
    virtual observe::AofCounters counters() = 0;
    // Whether what the client has changed survives a power cut.
    virtual bool is_local_copy(const Session& session) const = 0;
    // A blocked session whose command runs again when more of the log is on disk.
    virtual void await(Session& session) = 0;
    // BGREWRITEAOF; the result is the reply.
    virtual Result<std::string_view> rewrite() = 0;
    // DEBUG LOADAOF.
    virtual Status reload() = 0;
    // DEBUG AOF-FLUSH-SLEEP.
    virtual void set_write_delay_us(int64_t delay) = 0;
};

// What keeps the dataset on disk may also be this (PersistenceControl).
class AppendLogHolder {
public:
    virtual ~AppendLogHolder() = default;
    virtual AppendLog* append_log() = 0;
    virtual const observe::LoadingMarks& loading() const = 0;
};

// Null where nothing is ever on disk (tests).
inline AppendLogHolder* append_log_holder_of(PersistenceControl* persistence) {
    return dynamic_cast<AppendLogHolder*>(persistence);
}
inline AppendLog* append_log_of(PersistenceControl* persistence) {
    AppendLogHolder* holder = append_log_holder_of(persistence);
    return holder == nullptr ? nullptr : holder->append_log();
}

}  // namespace millrace::engine
