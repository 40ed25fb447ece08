// SPDX-License-Identifier: BSD-3-Clause
#include "values/consumer_group.h"

namespace millrace::values {

ConsumerGroup::ConsumerGroup(const ConsumerGroup& other)
    : last_id(other.last_id), entries_read(other.entries_read) {
    for (const auto& [name, consumer] : other.consumers_) {
        Consumer& copy = add_consumer(name, consumer.seen_ms);
        copy.active_ms = consumer.active_ms;
    }
    for (const auto& [id, entry] : other.pending_) {
        PendingEntry& copy = assign(id, *find_consumer(entry.consumer->name));
        copy.delivered_ms = entry.delivered_ms;
        copy.deliveries = entry.deliveries;
    }
}

const Consumer* ConsumerGroup::find_consumer(std::string_view name) const {
    const auto found = consumers_.find(name);
    return found == consumers_.end() ? nullptr : &found->second;
}

Consumer* ConsumerGroup::find_consumer(std::string_view name) {
    const auto found = consumers_.find(name);
    return found == consumers_.end() ? nullptr : &found->second;
}

Consumer& ConsumerGroup::add_consumer(std::string_view name, int64_t now_ms) {
    const auto added = consumers_.try_emplace(std::string(name)).first;
    added->second.name = added->first;
    added->second.seen_ms = now_ms;
    return added->second;
}

size_t ConsumerGroup::remove_consumer(Consumer& consumer) {
    const size_t count = consumer.pending.size();
    for (const StreamId& id : consumer.pending) pending_.erase(id);
    consumers_.erase(consumers_.find(consumer.name));
    return count;
}

const PendingEntry* ConsumerGroup::find_pending(const StreamId& id) const {
    const auto found = pending_.find(id);
    return found == pending_.end() ? nullptr : &found->second;
}

PendingEntry* ConsumerGroup::find_pending(const StreamId& id) {
    const auto found = pending_.find(id);
    return found == pending_.end() ? nullptr : &found->second;
}

PendingEntry& ConsumerGroup::assign(const StreamId& id, Consumer& consumer) {
    PendingEntry& entry = pending_[id];
    if (entry.consumer != &consumer) {
        if (entry.consumer != nullptr) entry.consumer->pending.erase(id);
        consumer.pending.insert(id);
        entry.consumer = &consumer;
    }
    return entry;
}

bool ConsumerGroup::acknowledge(const StreamId& id) {
    const auto found = pending_.find(id);
    if (found == pending_.end()) return false;
    found->second.consumer->pending.erase(id);
    pending_.erase(found);
    return true;
}

size_t ConsumerGroup::memory_bytes() const {
    // What a node of the standard tables takes beside its contents.
    constexpr size_t kNodeBytes = 40;
    size_t bytes = sizeof *this;
    bytes += pending_.size() * (2 * kNodeBytes + 2 * sizeof(StreamId) + sizeof(PendingEntry));
    for (const auto& [name, consumer] : consumers_) {
        bytes += kNodeBytes + sizeof name + name.capacity() + sizeof consumer;
    }
    return bytes;
}

}  // namespace millrace::values
