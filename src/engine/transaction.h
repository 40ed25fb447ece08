// SPDX-License-Identifier: BSD-3-Clause
//
// MULTI and WATCH of one session: the commands that wait for EXEC, and the keys whose change makes
// EXEC do nothing.
//
// Owner:   Session::transaction; absent for sessions that use neither.
// Threads: main thread.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/session.h"
#include "engine/watched_keys.h"

namespace millrace::engine {

class TransactionState final : public SessionExtension {
public:
    TransactionState(WatchedKeys& watched, const Session& session)
        : registry_(watched), session_(session) {}
    ~TransactionState() override { unwatch(); }

    // The state of `session`, made if there is none yet.
    static TransactionState& of(Session& session, WatchedKeys& watched);
    static TransactionState* find(Session& session) {
        return static_cast<TransactionState*>(session.transaction.get());
    }

    // Queues what follows, from this database on.
    void begin(int database) { database_ = database; }
    // `flags` are what the command may do.
    void enqueue(Request& request, keyspace::Keyspace& keyspace, uint64_t flags);
    // The one in which the next command will run.
    int database() const { return database_; }
    std::vector<OwnedRequest>& queue() { return queue_; }
    // What any of the queued commands may do: the union of their flags.
    uint64_t command_flags() const { return command_flags_; }

    // A command was refused while it should have been queued, so EXEC must fail.
    void refuse() { refused_ = true; }
    bool refused() const { return refused_; }
    // A watched key has changed, so EXEC must not run.
    void touch() { touched_ = true; }
    bool touched() const { return touched_; }

    void watch(int db, std::string_view key) { registry_.watch(*this, db, key); }
    // Also forgets that one of them has changed.
    void unwatch();
    // A watched key reached its time since it is watched, which counts as a change.
    bool watches_expired_key() const { return registry_.any_expired(*this); }

    void describe(SessionSummary& summary) const override;

private:
    friend class WatchedKeys;

    WatchedKeys& registry_;
    const Session& session_;
    std::vector<OwnedRequest> queue_;
    uint64_t queued_bytes_ = 0;
    int database_ = 0;
    uint64_t command_flags_ = 0;
    bool refused_ = false;
    bool touched_ = false;
    std::vector<WatchedKeys::Key*> keys_;
};

// Ends MULTI, forgetting what was queued and watched.
void end_transaction(Session& session);

}  // namespace millrace::engine
