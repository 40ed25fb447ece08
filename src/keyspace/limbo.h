// SPDX-License-Identifier: BSD-3-Clause
//
// Where entries wait that left the keyspace while replies may still refer to them.
//
// A reply refers to an entry by plain pointer. Time is counted in turns of the main loop: an entry
// retired in turn t can only be referred to by logs published in turn t or before, so it is free
// once all of those have been completed. The pipeline knows the oldest turn with an uncompleted log
// and says so. There are no reference counts.
//
// The same turns answer whether an entry may be changed in place: a reply stamps the entry with the
// turn (8 bits), and may_be_referenced() compares. A wrap of the 8 bits can only cause a needless
// copy.
//
// Owner:   the keyspace.
// Threads: main thread. Released blocks are handed on, so that another thread frees what they hold.
// Limits:  what waits is what commands replace while the oldest batch is under way, and the credits
// of the I/O sides bound that.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "keyspace/entry.h"

namespace millrace::keyspace {

// Entries that nobody refers to any more; whoever holds the block frees them with an EntryBuilder.
struct RetiredBlock {
    static constexpr size_t kEntriesMax = 253;
    size_t count = 0;
    uint64_t turn = 0;
    uint64_t bytes = 0;  // What freeing them gives back, of those for which retire() was told.
    std::array<Entry*, kEntriesMax> entries;
};

class Limbo {
public:
    Limbo();
    ~Limbo();

    // `bytes` is what freeing it will give back, 0 while nobody counts.
    void retire(Entry* entry, uint64_t bytes = 0) {
        RetiredBlock& block = *open_;
        block.entries[block.count++] = entry;
        block.bytes += bytes;
        retired_bytes_ += bytes;
        if (block.count == RetiredBlock::kEntriesMax) close_block();
    }

    // Begins turn `turn`; blocks of turns before `oldest_uncompleted` (== turn when nothing is
    // under way) become free.
    void begin_turn(uint64_t turn, uint64_t oldest_uncompleted);
    uint64_t turn() const { return turn_; }

    // The next block that is free to be freed, or null.
    std::unique_ptr<RetiredBlock> take_released();
    bool has_released() const {
        return !closed_.empty() && closed_.front()->turn < oldest_uncompleted_;
    }
    // An emptied block, to be used again.
    void give_back(std::unique_ptr<RetiredBlock> block);
    // Frees the blocks that wait to be used again.
    void drop_spares() { spare_.clear(); }

    void stamp(Entry& entry) const {
        const auto generation = static_cast<uint8_t>(1 + turn_ % 255);
        if (entry.reference_generation() != generation) entry.set_reference_generation(generation);
    }
    bool may_be_referenced(const Entry& entry) const {
        const uint8_t stamped = entry.reference_generation();
        if (stamped == 0) return false;
        const uint64_t age = (turn_ % 255 + 255 - (stamped - 1)) % 255;
        return age <= turn_ - oldest_uncompleted_;
    }

    size_t waiting() const;
    // What the blocks themselves take that will be free with the entries in them.
    uint64_t block_bytes() const { return closed_.size() * sizeof(RetiredBlock); }
    // The sum of what retire() was told since the start.
    uint64_t retired_bytes() const { return retired_bytes_; }

private:
    void close_block();

    uint64_t turn_ = 1;
    uint64_t oldest_uncompleted_ = 1;
    uint64_t retired_bytes_ = 0;
    std::unique_ptr<RetiredBlock> open_;
    std::deque<std::unique_ptr<RetiredBlock>> closed_;
    std::vector<std::unique_ptr<RetiredBlock>> spare_;
};

}  // namespace millrace::keyspace
