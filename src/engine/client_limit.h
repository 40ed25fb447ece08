// SPDX-License-Identifier: BSD-3-Clause
//
// Keeps `maxmemory-clients`: when all clients together cost more, those that cost most are closed.
//
// A client is counted anew with each of its commands, before (with the arguments) and after, and
// with each message that it gets. What grows without either, an argument that is still arriving, is
// found by walking all clients now and then: as often as costs a hundredth of the time.
//
// While there is no limit nothing is counted; the engine's condition kClientsLimited says so.
//
// Owner:   the engine.
// Threads: main thread.
#pragma once

#include <cstdint>
#include <map>

namespace millrace::engine {

class Engine;
class Session;

class ClientLimit {
public:
    // Compat: a smaller limit would leave no room for asking the server to raise it.
    static constexpr uint64_t kLimitMin = 128 * 1024;

    explicit ClientLimit(Engine& engine) : engine_(engine) {}

    // `limit` as in the setting: bytes, 0 for none, or negative: so many percent of `maxmemory`.
    void configure(int64_t limit, uint64_t maxmemory);
    bool active() const { return limit_ > 0; }

    // Before a command of so many bytes: closes whom it must, perhaps this client.
    void admit(Session& session, uint64_t command_bytes);
    // Counts a client anew, with `more_bytes` that it holds beyond what it shows.
    void note(Session& session, uint64_t more_bytes = 0);
    void forget(Session& session);
    void end_turn();
    // What those hold that have been closed for this and are not gone yet.
    uint64_t closing_bytes() const { return closing_bytes_; }

private:
    void walk_if_due();
    void enforce() {
        if (total_ > limit_) close_largest();
    }
    void close_largest();

    Engine& engine_;
    uint64_t limit_ = 0;  // 0: none.
    uint64_t total_ = 0;
    uint64_t closing_bytes_ = 0;
    std::map<const Session*, uint64_t> closing_;
    uint64_t next_walk_ = 0;  // Cycle clock.
};

}  // namespace millrace::engine
