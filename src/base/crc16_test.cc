// SPDX-License-Identifier: BSD-3-Clause
#include "base/crc16.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace {
namespace {

uint16_t bit_by_bit(std::string_view bytes) {
    unsigned sum = 0;
    for (const char byte : bytes) {
        sum ^= static_cast<unsigned>(static_cast<unsigned char>(byte)) << 8;
        for (int bit = 0; bit < 8; ++bit) sum = (sum << 1) ^ (sum & 0x8000 ? 0x1021 : 0);
    }
    return static_cast<uint16_t>(sum);
}

TEST(Crc16, PublishedCheckValue) {
    EXPECT_EQ(crc16("123456789"), 0x31c3);
}

TEST(Crc16, AnyLength) {
    std::string bytes;
    for (int i = 0; i < 300; ++i) {
        ASSERT_EQ(crc16(bytes), bit_by_bit(bytes)) << bytes.size();
        bytes += static_cast<char>(i * 7 + (i >> 3));
    }
}

// Slots as CLUSTER KEYSLOT of Valkey 9.1.2 answers them.
TEST(Crc16, Slots) {
    EXPECT_EQ(key_slot(""), 0);
    EXPECT_EQ(key_slot("foo"), 12182);
    EXPECT_EQ(key_slot("a{foo}b"), 12182);
    EXPECT_EQ(key_slot("{foo}{bar}"), 12182);
    EXPECT_EQ(key_slot("{foo"), 13308);
    EXPECT_EQ(key_slot("foo{}{bar}"), 8363);
    EXPECT_EQ(key_slot("foo{{bar}}zap"), 4015);
    EXPECT_EQ(key_slot("}{foo}"), 12182);
}

}  // namespace
}  // namespace millrace
