// SPDX-License-Identifier: BSD-3-Clause
#include "keyspace/expiry_index.h"

#include <algorithm>
#include <utility>

namespace millrace::keyspace {
namespace {
constexpr size_t kFirstBlockRecords = 8;
constexpr size_t kBlockRecordsMax = 4096;

size_t block_bytes(const std::vector<uint32_t>& block) {
    return block.capacity() * sizeof(uint32_t);
}
size_t list_bytes(const std::vector<std::vector<uint32_t>>& blocks) {
    return blocks.capacity() * sizeof(blocks[0]);
}
}  // namespace

void ExpiryIndex::Slot::push(uint32_t record, size_t& bytes) {
    if (blocks_.empty() || blocks_.back().size() == blocks_.back().capacity()) {
        size_t room = kFirstBlockRecords;
        if (!blocks_.empty()) room = std::min(blocks_.back().capacity() * 2, kBlockRecordsMax);
        bytes -= list_bytes(blocks_);
        blocks_.emplace_back();
        blocks_.back().reserve(room);
        bytes += list_bytes(blocks_) + block_bytes(blocks_.back());
    }
    blocks_.back().push_back(record);
    ++records_;
}

bool ExpiryIndex::Slot::pop(uint32_t& record, size_t& bytes) {
    if (blocks_.empty()) return false;
    record = blocks_.back().back();
    blocks_.back().pop_back();
    if (blocks_.back().empty()) {
        bytes -= block_bytes(blocks_.back());
        blocks_.pop_back();
    }
    --records_;
    return true;
}

uint32_t ExpiryIndex::Slot::at(size_t index) const {
    size_t block = 0;
    for (; index >= blocks_[block].size(); ++block) index -= blocks_[block].size();
    return blocks_[block][index];
}

uint32_t ExpiryIndex::Slot::take_at(size_t index, size_t& bytes) {
    size_t block = 0;
    for (; index >= blocks_[block].size(); ++block) index -= blocks_[block].size();
    uint32_t& place = blocks_[block][index];
    const uint32_t record = place;
    place = blocks_.back().back();
    uint32_t last = 0;
    (void)pop(last, bytes);
    return record;
}

void ExpiryIndex::Slot::take_all(Slot& other, size_t& bytes) {
    bytes -= list_bytes(blocks_);
    for (auto& block : other.blocks_) blocks_.push_back(std::move(block));
    bytes += list_bytes(blocks_);
    other.blocks_.clear();
    records_ += std::exchange(other.records_, 0);
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
    slot_for(expire_at_ms >> kTickBits).push(record, bytes_);
    ++records_;
}

// Whole slots whose tick has passed become due; a coarse slot becomes due when its first tick
// comes, since only its keys themselves know more, and they are filed again.
void ExpiryIndex::advance_to(int64_t tick) {
    const auto make_due = [this](Slot& slot) { due_.take_all(slot, bytes_); };
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
        due_.take_all(far_, bytes_);
    }
    // The current tick is not over: what falls due within it is found by readers, or a tick later
    // by us.
    advance_to(now_ms >> kTickBits);
    return !due_.empty();
}

bool ExpiryIndex::take_due(int64_t now_ms, uint64_t& hint) {
    if (!has_due(now_ms)) return false;
    uint32_t record = 0;
    if (!due_.pop(record, bytes_)) return false;
    --records_;
    hint = hint_of(record);
    return true;
}

// --- for eviction ---

// The first slot of each ring that is not empty, and of those the earliest. What was filed in a
// coarse slot long ago may be due before what is in a fine one, so a coarse one goes first where
// they overlap.
ExpiryIndex::Earliest ExpiryIndex::earliest() const {
    if (!due_.empty()) return {&due_, tick_, true};
    Earliest best;
    for (int ring = kRings - 1; ring >= 0 && tick_ >= 0; --ring) {
        const int shift = ring * kSlotBits;
        for (int64_t i = 0; i < kSlots; ++i) {
            const int64_t place = (tick_ >> shift) + i;
            const Slot& slot = rings_[ring][place & (kSlots - 1)];
            if (slot.empty()) continue;
            const int64_t tick = std::max(place << shift, tick_);
            if (best.slot == nullptr || tick < best.tick) best = {&slot, tick, ring == 0};
            break;
        }
    }
    if (best.slot == nullptr && !far_.empty()) {
        best = {&far_, tick_ + (int64_t{1} << (kRings * kSlotBits)), false};
    }
    return best;
}

bool ExpiryIndex::take_earliest(uint64_t entropy, uint64_t& hint, bool& fine) {
    const Earliest first = earliest();
    if (first.slot == nullptr) return false;
    // The last ones were filed last, and are the last to expire.
    auto* slot = const_cast<Slot*>(first.slot);
    hint = hint_of(slot->take_at(entropy % slot->size(), bytes_));
    --records_;
    fine = first.fine;
    return true;
}

int64_t ExpiryIndex::earliest_ms() const {
    const Earliest first = earliest();
    return first.slot == nullptr ? INT64_MAX : first.tick << kTickBits;
}

template <typename Visitor>
void ExpiryIndex::for_each_slot(Visitor&& visitor) const {
    if (!visitor(due_)) return;
    for (const auto& ring : rings_) {
        for (const Slot& slot : ring) {
            if (!visitor(slot)) return;
        }
    }
    visitor(far_);
}

bool ExpiryIndex::random(uint64_t entropy, uint64_t& hint) const {
    if (records_ == 0) return false;
    size_t index = entropy % records_;
    for_each_slot([&](const Slot& slot) {
        if (index >= slot.size()) {
            index -= slot.size();
            return true;
        }
        hint = hint_of(slot.at(index));
        return false;
    });
    return true;
}

void ExpiryIndex::clear() {
    *this = ExpiryIndex();
}

}  // namespace millrace::keyspace
