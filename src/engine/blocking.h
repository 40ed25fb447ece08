// SPDX-License-Identifier: BSD-3-Clause
//
// Clients that wait: for a key of a type (BLPOP, BZPOPMIN, XREAD), or only for a moment (WAIT).
//
// A handler that finds nothing says what it waits for and returns:
//
//     return call.block_on({.keys = keys, .type = ValueType::List, .deadline_ms = deadline});
//
// The command is kept. When one of the keys has changed and is of that type, the command runs
// again from its beginning, after the command or unit that changed the key, so it must find out
// anew what there is; block_on() in such a run leaves the client where it is. Clients of one key
// run in the order in which they began to wait. A command that waits is propagated, counted and
// logged when it has run, never before.
//
// Owner:   the engine.
// Threads: main thread.
// Invariants: a session is in here exactly while it is kBlocked and has `blocked` set by block().
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "engine/request.h"
#include "engine/session.h"
#include "keyspace/entry.h"

namespace millrace::engine {

class Call;
class ReplyWriter;

inline constexpr int64_t kNoDeadline = 0;

// How a wait ends that nothing has come of: the reply when the time is over. Compat: also of
// commands that answer a plain null where they may not wait.
void reply_timed_out(ReplyWriter& reply);
// What commands that move one element answer inside MULTI and scripts.
void reply_nothing(ReplyWriter& reply);

// What a client waits for.
struct WaitFor {
    std::span<const std::string_view> keys = {};  // Of the session's database.
    keyspace::ValueType type = keyspace::ValueType::List;
    int64_t deadline_ms = kNoDeadline;
    // Also when a key goes or becomes another type (XREADGROUP).
    bool on_missing = false;
    void (*timed_out)(ReplyWriter&) = reply_timed_out;
    void (*not_allowed)(ReplyWriter&) = reply_timed_out;
    // What is run again, if not the command as it came (XREAD with "$").
    std::span<const std::string_view> words = {};
};

// The moment when a wait of argument `at` ends: seconds with fractions, or whole milliseconds.
Result<int64_t> deadline_in_seconds(Call& call, size_t at);
Result<int64_t> deadline_in_milliseconds(Call& call, size_t at);

class Blocking {
public:
    explicit Blocking(Engine& engine);
    ~Blocking();
    Blocking(const Blocking&) = delete;
    Blocking& operator=(const Blocking&) = delete;

    // Puts the session to wait; `request` is copied. Through Call::block_on().
    void block(Session& session, const Request& request, const WaitFor& wait);

    // Notes that those who wait for `key` may be served; an empty key: any key of the database.
    void key_changed(std::string_view key, int db) {
        if (!queues_.empty()) [[unlikely]]
            note_change(key, db);
    }
    bool has_ready() const { return !ready_.empty(); }
    // Runs the commands of those who may be served, until nothing is ready; never inside a command
    // or unit.
    void serve();

    // Ends the waits whose time is over.
    void expire();
    // The first moment at which one ends.
    std::optional<int64_t> next_deadline_ms() const;

    // Ends one wait as if its time were over, or with an error. False: the session does not wait.
    bool time_out(Session& session);
    bool fail(Session& session, std::string_view error);
    // All of them with an error: the server is no longer what they waited for.
    void fail_all(std::string_view error);
    // The session is going.
    void forget(Session& session);

    size_t clients() const { return waits_.size(); }
    size_t timed_clients() const { return deadlines_.size(); }
    size_t keys() const { return queues_.size(); }
    size_t keys_on_missing() const;  // With somebody who waits on_missing.
    void check_invariants() const;

private:
    struct Wait;
    struct Queue;
    struct KeyName {
        int db;
        std::string_view key;
        bool operator==(const KeyName&) const = default;
    };
    struct KeyNameHash {
        Engine* engine;
        size_t operator()(const KeyName& name) const;
    };
    using Queues = std::unordered_map<KeyName, std::unique_ptr<Queue>, KeyNameHash>;

    void note_change(std::string_view key, int db);
    void enqueue(Wait& wait, const WaitFor& asked, int db);
    Wait* wait_of(Session& session);
    void mark_ready(Queue& queue);
    void serve_queue(Queue& queue);
    std::optional<keyspace::ValueType> type_at(const Queue& queue) const;
    void run_again(Wait& wait);
    void unlink(Wait& wait);
    void drop_if_idle(Queue& queue);
    // The session goes on with what it sent meanwhile.
    void release(Wait& wait);

    Engine& engine_;
    uint64_t next_arrival_ = 1;
    std::map<uint64_t, Wait*> waits_;  // By arrival.
    std::set<std::pair<int64_t, uint64_t>> deadlines_;
    Queues queues_;
    std::vector<Queue*> ready_;
};

}  // namespace millrace::engine
