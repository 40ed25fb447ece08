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

ConsumerGroup::ConsumerGroup(structures::AsVersion as_version, ConsumerGroup& original,
                             structures::Leftovers& leftovers)
    : last_id(original.last_id),
      entries_read(original.entries_read),
      pending_(as_version, original.pending_) {
    original.pending_.freeze(leftovers);
    for (auto& [name, consumer] : original.consumers_) {
        Consumer& version =
            consumers_.try_emplace(consumers_.end(), name, as_version, consumer.pending)->second;
        version.name = consumers_.rbegin()->first;
        version.seen_ms = consumer.seen_ms;
        version.active_ms = consumer.active_ms;
        consumer.pending.freeze(leftovers);
    }
}

void ConsumerGroup::thaw() {
    pending_.thaw();
    for (auto& [name, consumer] : consumers_) consumer.pending.thaw();
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
    for (const StreamId& id : consumer.pending) pending_.erase(pending_.find(id));
    consumers_.erase(consumers_.find(consumer.name));
    return count;
}

const PendingEntry* ConsumerGroup::find_pending(const StreamId& id) const {
    const auto found = pending_.find(id);
    return found == pending_.end() ? nullptr : &found->second;
}

PendingEntry* ConsumerGroup::find_pending(const StreamId& id) {
    const auto found = pending_.find(id);
    return found == pending_.end() ? nullptr : &pending_.edit(found).second;
}

PendingEntry& ConsumerGroup::assign(const StreamId& id, Consumer& consumer) {
    const auto found = pending_.find(id);
    PendingEntry& entry =
        found == pending_.end() ? pending_.insert({id, {}}).second : pending_.edit(found).second;
    if (entry.consumer != &consumer) {
        if (entry.consumer != nullptr)
            entry.consumer->pending.erase(entry.consumer->pending.find(id));
        consumer.pending.insert(id);
        entry.consumer = &consumer;
    }
    return entry;
}

bool ConsumerGroup::acknowledge(const StreamId& id) {
    const auto found = pending_.find(id);
    if (found == pending_.end()) return false;
    structures::IdTree<StreamId>& mine = found->second.consumer->pending;
    mine.erase(mine.find(id));
    pending_.erase(found);
    return true;
}

size_t ConsumerGroup::memory_bytes() const {
    constexpr size_t kNodeBytes = 40;  // What a node of the table takes beside its contents.
    size_t bytes = sizeof *this + pending_.memory_bytes();
    for (const auto& [name, consumer] : consumers_) {
        bytes += kNodeBytes + sizeof name + name.capacity() + sizeof consumer +
                 consumer.pending.memory_bytes();
    }
    return bytes;
}

size_t ConsumerGroup::blocks() const {
    size_t blocks = 1 + pending_.nodes();
    for (const auto& [name, consumer] : consumers_) blocks += 1 + consumer.pending.nodes();
    return blocks;
}

void ConsumerGroup::check_invariants() const {
    pending_.check_invariants();
    size_t count = 0;
    for (const auto& [name, consumer] : consumers_) {
        consumer.pending.check_invariants();
        for (const StreamId& id : consumer.pending) {
            const PendingEntry* const entry = find_pending(id);
            CHECK(entry != nullptr);
            CHECK(entry->consumer == &consumer);
            ++count;
        }
    }
    CHECK(count == pending_.size());
}

}  // namespace millrace::values
