// SPDX-License-Identifier: BSD-3-Clause
#include "engine/transaction.h"

#include <climits>

#include "base/numbers.h"

namespace millrace::engine {
namespace {
constexpr size_t kQueueFirst = 16;
}  // namespace

TransactionState& TransactionState::of(Session& session, WatchedKeys& watched) {
    if (session.transaction == nullptr) {
        session.transaction = std::make_unique<TransactionState>(watched, session);
    }
    return *find(session);
}

void TransactionState::enqueue(Request& request, keyspace::Keyspace& keyspace, uint64_t flags) {
    if (queue_.empty()) queue_.reserve(kQueueFirst);
    queue_.emplace_back(request, keyspace);
    if (request.command->spec().find_databases != nullptr &&
        request.command->full_name() == "select") {
        const auto number = parse_integer(request.words[1]);
        if (number && *number >= 0 && *number <= INT_MAX) database_ = static_cast<int>(*number);
    }
    command_flags_ |= flags;
    queued_bytes_ += sizeof(OwnedRequest) + request.word_count * sizeof(std::string_view);
    for (const std::string_view word : request.arguments()) queued_bytes_ += word.size();
}

void TransactionState::unwatch() {
    registry_.unwatch_all(*this);
    touched_ = false;
}

void end_transaction(Session& session) {
    session.transaction.reset();
    session.set(kInMulti, false);
}

void TransactionState::describe(SessionSummary& summary) const {
    if (session_.is(kInMulti)) {
        summary.queued_commands = static_cast<int64_t>(queue_.size());
        summary.queued_bytes = queued_bytes_;
    }
    summary.watched_keys = keys_.size();
    summary.watched_key_changed = touched_;
    constexpr size_t kBytesEach = sizeof(WatchedKeys::Key) + sizeof(WatchedKeys::Watcher) +
                                  6 * sizeof(void*);
    summary.memory_bytes += sizeof *this + keys_.size() * kBytesEach;
}

}  // namespace millrace::engine
