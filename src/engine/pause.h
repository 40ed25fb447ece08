// SPDX-License-Identifier: BSD-3-Clause
//
// CLIENT PAUSE: commands that must wait, until when, and who waits.
//
// Owner:   the engine.
// Threads: main thread.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "engine/command_registry.h"
#include "engine/reply_log.h"

namespace millrace::engine {

class Engine;
class Session;

class Pause {
public:
    enum class Mode : uint8_t { None, Writes, All };

    // Pauses until `until_ms`, or lengthens a pause that is on; the stricter mode stays.
    void begin(Engine& engine, Mode mode, int64_t until_ms);
    // Ends it; whoever waited runs again.
    void end(Engine& engine);
    // Ends it when its time is over; the cron calls it.
    void check(Engine& engine);

    // `flags` are what it may do: those of what EXEC runs, else its own.
    bool holds(const Command& command, uint64_t flags) const;
    void add_waiting(const Session& session);
    Mode mode() const { return mode_; }
    int64_t until_ms() const { return until_ms_; }
    size_t waiting() const { return waiting_.size(); }

private:
    Mode mode_ = Mode::None;
    int64_t until_ms_ = 0;
    std::vector<std::pair<ClientSlot, uint32_t>> waiting_;
};

}  // namespace millrace::engine
