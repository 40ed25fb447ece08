// SPDX-License-Identifier: BSD-3-Clause
//
// WATCH: which transactions depend on which keys.
//
// It listens to changes only while something is watched. A key that is past its time when it is
// watched may go without that being a change, since it was not there for the client either.
//
// Owner:   the engine; it outlives all sessions.
// Threads: main thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/key_events.h"
#include "engine/name_map.h"

namespace millrace::engine {

class Engine;
class TransactionState;

class WatchedKeys final : public KeyChangeListener {
public:
    explicit WatchedKeys(Engine& engine) : engine_(engine) {}

    struct Watcher {
        TransactionState* transaction;
        bool was_expired;  // The key was past its time, but still stored.
    };
    struct Key {
        int db;
        std::string name;
        std::vector<Watcher> watchers;
    };

    void watch(TransactionState& transaction, int db, std::string_view name);
    void unwatch_all(TransactionState& transaction);
    bool any_expired(const TransactionState& transaction) const;

    void on_key_change(std::string_view key, int db) override;
    void on_flush(int begin, int end) override;
    void on_swap(int first, int second) override;

private:
    using Keys = NameMap<std::unique_ptr<Key>>;

    enum class Presence : uint8_t { Absent, Live, Expired };
    Presence presence(int db, std::string_view name) const;
    void flushed(int db);
    void swapped(Keys& keys, int from, int to);

    Engine& engine_;
    std::vector<Keys> keys_;  // By database.
    size_t count_ = 0;
};

}  // namespace millrace::engine
