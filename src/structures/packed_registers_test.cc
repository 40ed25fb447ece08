// SPDX-License-Identifier: BSD-3-Clause
#include "structures/packed_registers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

using namespace millrace::structures;

namespace {

using Bytes = std::vector<uint8_t>;

// Exactly as large as needed, so that the address sanitizer sees what goes beyond.
struct Packed {
    explicit Packed(size_t registers) : bytes(packed_register_bytes(registers)) {}
    char* data() { return bytes.data(); }
    bool operator==(const Packed&) const = default;

    std::vector<char> bytes;
};

Bytes random_ranks(size_t count, std::mt19937& random) {
    Bytes ranks(count);
    for (uint8_t& each : ranks) each = static_cast<uint8_t>(random() % 64);
    return ranks;
}

// One register after the other, bit by bit.
Packed packed_simply(const Bytes& ranks) {
    Packed packed(ranks.size());
    for (size_t bit = 0; bit < ranks.size() * 6; ++bit) {
        const int set = ranks[bit / 6] >> bit % 6 & 1;
        packed.bytes[bit / 8] = static_cast<char>(packed.bytes[bit / 8] | set << bit % 8);
    }
    return packed;
}

TEST(PackedRegisters, AllFormsAgreeWithTheSimpleOne) {
    std::mt19937 random(7);
    for (const size_t count : {32u, 64u, 96u, 1024u, 16384u}) {
        const Bytes ranks = random_ranks(count, random);
        Packed expected = packed_simply(ranks);
        for (const auto pack : {pack_registers, pack_registers_portably}) {
            Packed packed(count);
            pack(ranks.data(), count, packed.data());
            EXPECT_EQ(packed, expected);
        }
        for (const auto unpack : {unpack_registers, unpack_registers_portably}) {
            Bytes unpacked(count, 0xff);
            unpack(expected.data(), count, unpacked.data());
            EXPECT_EQ(unpacked, ranks);
        }
        const Bytes others = random_ranks(count, random);
        Bytes higher(count);
        for (size_t at = 0; at < count; ++at) higher[at] = std::max(ranks[at], others[at]);
        for (const auto merge : {merge_registers, merge_registers_portably}) {
            Bytes merged = others;
            merge(expected.data(), count, merged.data());
            EXPECT_EQ(merged, higher);
        }
    }
}

}  // namespace
