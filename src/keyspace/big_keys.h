// SPDX-License-Identifier: BSD-3-Clause
//
// Which keys take most memory: found by walking all tables, slowly and for ever.
//
// A pass goes through all segments of all tables, a few at a time, so that it costs a thousandth of
// the time or so. What it has found replaces the result of the pass before when it is complete;
// until then both are told. Whoever asks gets the sizes of now: keys that are gone are left out.
//
// Owner:   engine::HotKeys.
// Threads: main thread.
// Limits:  kKeysMax keys.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "keyspace/keyspace.h"

namespace millrace::keyspace {

class BigKeys {
public:
    static constexpr size_t kKeysMax = 64;

    struct Item {
        std::string key;
        int db = 0;
        uint64_t bytes = 0;  // All that the key takes, as MEMORY USAGE has it.
        // Only told by top():
        const Entry* entry = nullptr;
        uint64_t elements = 0;  // Of a collection; else the bytes of the string.
    };

    explicit BigKeys(Keyspace& keyspace);

    // Goes on with the walk, as far as is due for a call ten times a second.
    void walk();
    // Goes through everything at once.
    void walk_all();
    // Takes notice of one key.
    void note(int db, const Entry& entry);
    void clear();

    // The largest, the largest first, as they are now.
    std::vector<Item> top(size_t count);
    // Complete walks so far.
    uint64_t passes() const { return passes_; }

private:
    using List = std::vector<Item>;  // A heap, the smallest first.

    bool visit_segment();
    bool end_database();
    uint64_t bytes_of(const Entry& entry) const;

    Keyspace& keyspace_;
    List before_;  // What the last complete pass has found.
    List found_;   // What this one has found so far.
    int db_ = 0;
    uint64_t position_ = 0;
    uint64_t passes_ = 0;
    uint64_t owed_calls_ = 0;  // Calls of walk() that do nothing, since one has taken too long.
    std::vector<const Entry*> entries_;  // Kept for its memory only.
};

}  // namespace millrace::keyspace
