// SPDX-License-Identifier: BSD-3-Clause
//
// A consumer group of a stream: how far it has read, and who has been given what and has not
// acknowledged it.
//
// Every pending entry stands in the group's table and, by its id, in its consumer's.
//
// Owner:   Stream.
// Threads: main thread; destroyed on any.
// Invariants: both tables agree.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "values/stream_id.h"

namespace millrace::values {

struct Consumer {
    std::string_view name;   // The key of the group's table.
    int64_t seen_ms = 0;     // When it last tried.
    int64_t active_ms = -1;  // When it last got something; -1: never.
    std::set<StreamId> pending;
};

struct PendingEntry {
    Consumer* consumer = nullptr;
    int64_t delivered_ms = 0;
    uint64_t deliveries = 1;
};

class ConsumerGroup {
public:
    static constexpr int64_t kUnknownCount = -1;
    using Pending = std::map<StreamId, PendingEntry>;
    using Consumers = std::map<std::string, Consumer, std::less<>>;

    ConsumerGroup(StreamId last, int64_t read) : last_id(last), entries_read(read) {}
    ConsumerGroup(const ConsumerGroup& other);
    ConsumerGroup& operator=(const ConsumerGroup&) = delete;

    StreamId last_id;      // Of the entry that was handed out last.
    int64_t entries_read;  // How many entries ever added are up to there, or kUnknownCount.

    const Pending& pending() const { return pending_; }
    const Consumers& consumers() const { return consumers_; }

    Consumer* find_consumer(std::string_view name);
    const Consumer* find_consumer(std::string_view name) const;
    Consumer& add_consumer(std::string_view name, int64_t now_ms);
    // How many entries it had pending; they go as well.
    size_t remove_consumer(Consumer& consumer);

    PendingEntry* find_pending(const StreamId& id);
    const PendingEntry* find_pending(const StreamId& id) const;
    // The pending entry now belongs to `consumer`; makes it if there is none.
    PendingEntry& assign(const StreamId& id, Consumer& consumer);
    bool acknowledge(const StreamId& id);

    size_t memory_bytes() const;
    size_t blocks() const { return 1 + 2 * pending_.size() + consumers_.size(); }

private:
    Pending pending_;
    Consumers consumers_;
};

}  // namespace millrace::values
