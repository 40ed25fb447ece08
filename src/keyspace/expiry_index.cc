// SPDX-License-Identifier: BSD-3-Clause
#include "keyspace/expiry_index.h"

#include <algorithm>
#include <utility>

namespace millrace::keyspace {
namespace {
constexpr size_t kFirstBlockRecords = 8;
constexpr size_t kBlockRecordsMax = 4096;
}  // namespace

void ExpiryIndex::Slot::push(uint32_t record) {
    if (blocks_.empty() || blocks_.back().size() == blocks_.back().capacity()) {
        size_t room = kFirstBlockRecords;
        if (!blocks_.empty()) room = std::min(blocks_.back().capacity() * 2, kBlockRecordsMax);
        blocks_.emplace_back();
        blocks_.back().reserve(room);
    }
    blocks_.back().push_back(record);
}

bool ExpiryIndex::Slot::pop(uint32_t& record) {
    if (blocks_.empty()) return false;
    record = blocks_.back().back();
    blocks_.back().pop_back();
    if (blocks_.back().empty()) blocks_.pop_back();
    return true;
}

void ExpiryIndex::Slot::take_all(Slot& other) {
    for (auto& block : other.blocks_) blocks_.push_back(std::move(block));
    other.blocks_.clear();
}

size_t ExpiryIndex::Slot::memory_bytes() const {
    size_t total = blocks_.capacity() * sizeof(blocks_[0]);
    for (const auto& block : blocks_) total += block.capacity() * sizeof(uint32_t);
    return total;
}

ExpiryIndex::Slot& ExpiryIndex::slot_for(int64_t tick) {
    if (tick_ < 0) return far_;
    if (tick < tick_) return due_;
    for (int ring = 0; ring < kRings; ++ring) {
        const int shift = ring * kSlotBits;
        if ((tick >> shift) - (tick_ >> shift) < kSlots)
            return rings_[ring][(tick >> shift) & (kSlots - 1)];
    }
    return far_;
}

void ExpiryIndex::add(uint64_t hash, int64_t expire_at_ms) {
    const auto record = static_cast<uint32_t>((hash >> 40 << 8) | (hash & 0xff));
    slot_for(expire_at_ms >> kTickBits).push(record);
    ++records_;
}

// Whole slots whose tick has passed become due; a coarse slot becomes due when its first tick
// comes, since only its keys themselves know more, and they are filed again.
void ExpiryIndex::advance_to(int64_t tick) {
    const auto make_due = [this](Slot& slot) { due_.take_all(slot); };
    if (tick - tick_ >
        int64_t{1} << (kRings * kSlotBits)) {  // The clock jumped further than the rings reach.
        for (auto& ring : rings_) {
            for (Slot& slot : ring) make_due(slot);
        }
        make_due(far_);
        tick_ = tick;
    }
    while (tick_ < tick) {
        make_due(rings_[0][tick_ & (kSlots - 1)]);
        const int64_t next = tick_ + 1;
        for (int ring = 1; ring < kRings; ++ring) {
            const int64_t mask = (int64_t{1} << (ring * kSlotBits)) - 1;
            if ((next & mask) != 0) break;
            make_due(rings_[ring][(next >> (ring * kSlotBits)) & (kSlots - 1)]);
            if (ring == kRings - 1 && ((next >> (ring * kSlotBits)) & (kSlots - 1)) == 0)
                make_due(far_);
        }
        tick_ = next;
    }
}

bool ExpiryIndex::has_due(int64_t now_ms) {
    if (tick_ < 0) {
        tick_ = now_ms >> kTickBits;
        due_.take_all(far_);
    }
    // The current tick is not over: what falls due within it is found by readers, or a tick later
    // by us.
    advance_to(now_ms >> kTickBits);
    return !due_.empty();
}

bool ExpiryIndex::take_due(int64_t now_ms, uint64_t& hint) {
    if (!has_due(now_ms)) return false;
    uint32_t record = 0;
    if (!due_.pop(record)) return false;
    --records_;
    hint = (uint64_t{record} >> 8 << 40) | (record & 0xff);
    return true;
}

size_t ExpiryIndex::memory_bytes() const {
    size_t total = far_.memory_bytes() + due_.memory_bytes();
    for (const auto& ring : rings_) {
        for (const Slot& slot : ring) total += slot.memory_bytes();
    }
    return total;
}

void ExpiryIndex::clear() {
    *this = ExpiryIndex();
}

}  // namespace millrace::keyspace
