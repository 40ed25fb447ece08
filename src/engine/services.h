// SPDX-License-Identifier: BSD-3-Clause
//
// What the engine asks of the world around it. The engine has no sockets, files or threads: the
// pipeline, the server and the tests give it these.
//
// Threads: main thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/reply_log.h"

namespace millrace::engine {

class Session;

enum class CloseMode : uint8_t {
    AfterReplies,  // What has been answered is still written.
    Now,
};

// The connections, as the engine sees them.
class ClientControl {
public:
    virtual ~ClientControl() = default;
    // Closes the client; its session lives until the connection has acknowledged.
    virtual void close(Session& session, CloseMode mode) = 0;
    // Where to write what a client gets outside of its own command: pushes, wake-ups. Good until
    // the next call.
    virtual ReplyLog& log_for(Session& session) = 0;
    // The client's reading rules changed (AUTH, HELLO, RESET): the I/O side learns them with the
    // next Resume.
    virtual void rules_changed(Session& session) = 0;
    // A script runs for too long: serves the other clients for a moment, who may get what is
    // allowed while the server is busy.
    virtual void serve_while_busy() {}
};

struct ShutdownRequest {
    bool save = false;
    bool no_save = false;
    bool now = false;
    bool force = false;
    bool safe = false;
    bool failover = false;
};

// The process.
class ProcessControl {
public:
    virtual ~ProcessControl() = default;
    // Begins a shutdown; answers nothing when it succeeds, since the process ends.
    virtual Status shutdown(const ShutdownRequest& request) = 0;
    virtual Status abort_shutdown() = 0;
    // DEBUG SEGFAULT, ASSERT, PANIC, and RESTART; `what` is the subcommand in lower case.
    virtual Status crash(std::string_view what) = 0;
};

// What DEBUG RELOAD asks for.
struct ReloadRequest {
    bool save = true;    // Write the file first.
    bool flush = true;   // Drop everything before it is loaded.
    bool merge = false;  // Keys of the file take the place of those that are there.
};

// The dataset on disk. Failures have been logged in detail; the errors are for clients.
class PersistenceControl {
public:
    virtual ~PersistenceControl() = default;
    // Writes the whole dataset to its file, now.
    virtual Status save() = 0;
    // The same in the background; what the client is told. `may_wait`: it begins when it can, if
    // something else is being written.
    virtual Result<std::string_view> save_in_background(bool may_wait) = 0;
    virtual Result<std::string_view> cancel_background_save() = 0;
    // All databases have been emptied by a command.
    virtual void flushed_all() = 0;
    // The error of commands that write, while the condition kWritesRefused holds.
    virtual std::string_view write_refusal() const = 0;
    virtual Status reload(const ReloadRequest& request) = 0;
    // Settings that DUMP and RESTORE obey as well.
    virtual bool compresses() const = 0;
    virtual bool takes_foreign_versions() const = 0;
};

// Wall time in milliseconds and microseconds, sampled by the pipeline; the engine never asks the
// system itself, except after slow commands.
class TimeSource {
public:
    virtual ~TimeSource() = default;
    virtual int64_t wall_microseconds() const = 0;
    virtual int64_t monotonic_nanoseconds() const = 0;
};

class EntropySource {
public:
    virtual ~EntropySource() = default;
    virtual uint64_t next() = 0;
};

}  // namespace millrace::engine
