// SPDX-License-Identifier: BSD-3-Clause
#include "base/bytes.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>

namespace millrace {
namespace {

TEST(Bytes, Order) {
    char bytes[8];
    store_big_endian<uint32_t>(bytes, 0x01020304);
    EXPECT_EQ(std::string_view(bytes, 4), "\x01\x02\x03\x04");
    EXPECT_EQ(load_big_endian<uint32_t>(bytes), 0x01020304u);
    EXPECT_EQ(load_little_endian<uint32_t>(bytes), 0x04030201u);
    store_little_endian<int64_t>(bytes, -2);
    EXPECT_EQ(load_little_endian<int64_t>(bytes), -2);
    EXPECT_EQ(static_cast<unsigned char>(bytes[0]), 0xfe);
    EXPECT_EQ(swap_bytes<uint16_t>(0x1234), 0x3412);
    EXPECT_EQ(swap_bytes<uint8_t>(0x12), 0x12);
}

TEST(Bytes, Case) {
    EXPECT_EQ(to_lower("AbZ[@\xc0"), "abz[@\xc0");
    EXPECT_EQ(to_upper("aBz{`\xe0"), "ABZ{`\xe0");
    EXPECT_TRUE(equals_ignore_case("GeT", "gEt"));
    EXPECT_FALSE(equals_ignore_case("get", "gets"));
    EXPECT_FALSE(equals_ignore_case("@", "`"));
}

TEST(Bytes, EqualityLooksAtEachByte) {
    for (size_t size = 0; size <= 40; ++size) {
        const std::string text(size, 'a');
        EXPECT_TRUE(equal_bytes(text, std::string(size, 'a')));
        EXPECT_FALSE(equal_bytes(text, std::string(size + 1, 'a')));
        for (size_t at = 0; at < size; ++at) {
            std::string other = text;
            other[at] = 'b';
            EXPECT_FALSE(equal_bytes(text, other)) << size << ' ' << at;
        }
    }
}

TEST(Bytes, EqualityReadsNothingBehindTheEnd) {
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    void* const memory =
        mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(memory, MAP_FAILED);
    ASSERT_EQ(mprotect(static_cast<char*>(memory) + page, page, PROT_NONE), 0);
    const char* const end = static_cast<char*>(memory) + page;
    for (size_t size = 0; size <= 40; ++size) {
        const std::string zeros(size, '\0');
        EXPECT_TRUE(equal_bytes({end - size, size}, zeros));
        EXPECT_TRUE(equal_bytes(zeros, {end - size, size}));
    }
    munmap(memory, 2 * page);
}

TEST(ByteReader, ReadsForward) {
    ByteReader reader(std::string_view("\x01\x02\x00\x00\x00\x05tailline\nrest", 19));
    EXPECT_EQ(reader.read_byte(), 1);
    EXPECT_EQ(reader.read_little_endian<uint16_t>(), 2);
    EXPECT_EQ(reader.read_big_endian<uint16_t>(), 0);
    EXPECT_EQ(reader.read_byte(), 5);
    EXPECT_EQ(reader.read_bytes(4), "tail");
    EXPECT_EQ(reader.read_until('\n'), "line");
    EXPECT_EQ(reader.rest(), "rest");
    reader.skip(reader.left());
    EXPECT_TRUE(reader.at_end());
    EXPECT_FALSE(reader.failed());
}

TEST(ByteReader, FailsForGood) {
    ByteReader reader("abc");
    EXPECT_EQ(reader.read_little_endian<uint32_t>(), 0u);
    EXPECT_TRUE(reader.failed());
    EXPECT_EQ(reader.left(), 0u);
    EXPECT_EQ(reader.read_byte(), 0);
    EXPECT_TRUE(reader.failed());

    ByteReader huge("abc");
    EXPECT_EQ(huge.read_bytes(UINT64_MAX), "");
    EXPECT_TRUE(huge.failed());
    ByteReader line("abc");
    EXPECT_EQ(line.read_until('\n'), "");
    EXPECT_TRUE(line.failed());
    ByteReader empty(std::string_view{});
    EXPECT_EQ(empty.read_bytes(0), "");
    EXPECT_FALSE(empty.failed());
}

}  // namespace
}  // namespace millrace
