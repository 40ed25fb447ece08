// SPDX-License-Identifier: BSD-3-Clause
//
// Which of many names something weighty happens to, in memory for a few: Space-Saving, by sets.
//
//     set 0   | sum, error, name | sum, error, name | ... kWays     a name belongs to the set
//     set 1   | ...                                                 that its hash value says
//
// What is added for a name that has no place takes the place with the smallest sum of its set, and
// goes on from that sum, which is noted as how far the new one may be too high. So a sum is never
// too low, and a name stands here for certain once it has more than a kWays-th of what its set
// gets. Looking at one set instead of at all places makes adding cheap; names that share a set with
// more than kWays others of their weight are very unlikely.
//
// Owner:   whoever counts.
// Threads: one.
// Limits:  kSets * kWays names. Their memory is reserved once; only longer names than
// kNameBytesUsual take more, up to kNameBytesMax. What is longer is cut.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::structures {

class HeavyHitters {
public:
    static constexpr size_t kSets = 16;
    static constexpr size_t kWays = 8;
    static constexpr size_t kNameBytesUsual = 64;
    static constexpr size_t kNameBytesMax = 256;

    struct Item {
        uint64_t hash = 0;
        uint64_t sum = 0;    // 0: the place is free.
        uint64_t error = 0;  // At most so much of the sum belongs to others.
        int group = 0;       // Names of different groups are different.
        std::string name;
    };

    HeavyHitters();

    // `hash` is a good one of the name.
    void add(uint64_t hash, int group, std::string_view name, uint64_t weight);
    void clear();

    // The names with the largest sums, the largest first; good until the next change.
    std::vector<const Item*> top(size_t count) const;

private:
    std::array<Item, kSets * kWays> places_;
};

}  // namespace millrace::structures
