// SPDX-License-Identifier: BSD-3-Clause
//
// MONITOR: the clients that see every command, and the line that they see.
//
// Owner:   the engine.
// Threads: main thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/reply_log.h"

namespace millrace::engine {

class ClientControl;
class Session;
class SessionTable;

class Monitors {
public:
    void add(const Session& session);
    void remove(const Session& session);
    bool empty() const { return monitors_.empty(); }

    // Sends `+<seconds>.<microseconds> [<db> <address>] "word" "word"` to all of them; a Lua
    // script's address is "lua".
    void feed(int64_t now_us, int db, std::string_view address,
              std::span<const std::string_view> words, SessionTable& sessions,
              ClientControl& clients);

private:
    std::vector<std::pair<ClientSlot, uint32_t>> monitors_;
};

}  // namespace millrace::engine
