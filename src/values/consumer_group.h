// SPDX-License-Identifier: BSD-3-Clause
//
// A consumer group of a stream: how far it has read, and who has been given what and has not
// acknowledged it.
//
// Every pending entry stands in the group's table and, by its id, in its consumer's.
//
// A frozen version has its own records of the group and of its consumers, and shares the tables.
//
// Owner:   Stream.
// Threads: main thread; destroyed on any. A version is read on any.
// Invariants: both tables agree. A pending entry is good until the group changes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "structures/id_tree.h"
#include "values/stream_id.h"

namespace millrace::values {

struct Consumer {
    Consumer() = default;
    // A frozen version, as far as the table goes.
    Consumer(structures::AsVersion as_version, const structures::IdTree<StreamId>& original)
        : pending(as_version, original) {}

    std::string_view name;   // The key of the group's table.
    int64_t seen_ms = 0;     // When it last tried.
    int64_t active_ms = -1;  // When it last got something; -1: never.
    structures::IdTree<StreamId> pending;
};

struct PendingEntry {
    Consumer* consumer = nullptr;
    int64_t delivered_ms = 0;
    uint64_t deliveries = 1;
};

struct PendingItem {
    StreamId first;
    PendingEntry second;
};
inline const StreamId& id_of(const PendingItem& item) {
    return item.first;
}

class ConsumerGroup {
public:
    static constexpr int64_t kUnknownCount = -1;
    using Pending = structures::IdTree<PendingItem>;
    using Consumers = std::map<std::string, Consumer, std::less<>>;

    ConsumerGroup(StreamId last, int64_t read) : last_id(last), entries_read(read) {}
    ConsumerGroup(const ConsumerGroup& other);
    // A frozen version of the other, which goes on.
    ConsumerGroup(structures::AsVersion as_version, ConsumerGroup& original,
                  structures::Leftovers& leftovers);
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

    void thaw();

    size_t memory_bytes() const;
    size_t blocks() const;
    void check_invariants() const;

private:
    Pending pending_;
    Consumers consumers_;
};

}  // namespace millrace::values
