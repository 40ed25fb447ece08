// SPDX-License-Identifier: BSD-3-Clause
#include "base/bit_count.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace millrace {
namespace {

// One bit after the other, which nobody doubts.
uint64_t count_slowly(std::string_view bytes) {
    uint64_t total = 0;
    for (const char each : bytes) {
        for (int bit = 0; bit < 8; ++bit) total += (static_cast<unsigned char>(each) >> bit) & 1;
    }
    return total;
}

TEST(BitCount, AgreesAtEveryLengthAndAlignment) {
    std::string bytes;
    uint64_t state = 1;
    for (int i = 0; i < 1200; ++i) {
        state = state * 6364136223846793005 + 1442695040888963407;
        bytes += static_cast<char>(state >> 56);
    }
    for (size_t begin = 0; begin < 33; ++begin) {
        for (size_t length = 0; length < 1100; length += length < 150 ? 1 : 53) {
            const std::string_view part = std::string_view(bytes).substr(begin, length);
            ASSERT_EQ(count_set_bits(part), count_slowly(part));
            ASSERT_EQ(count_set_bits_portably(part), count_slowly(part));
        }
    }
    EXPECT_EQ(count_set_bits(bytes), count_slowly(bytes));
}

TEST(BitCount, SumsOfFullBytesDoNotOverflow) {
    const std::string bytes(100003, '\xff');
    EXPECT_EQ(count_set_bits(bytes), bytes.size() * 8);
}

}  // namespace
}  // namespace millrace
