// SPDX-License-Identifier: BSD-3-Clause
#include "protocol/reply_encoder.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

namespace millrace::protocol {
namespace {

template <typename Encode, typename... Arguments>
std::string wire(Encode encode, Arguments... arguments) {
    ByteBuffer out;
    encode(out, arguments...);
    return std::string(out.view());
}

TEST(ReplyEncoder, HeadersOfEachLength) {
    for (uint64_t number = 0; number < 3000; ++number) {
        ASSERT_EQ(wire(encode_array, number), "*" + std::to_string(number) + "\r\n");
    }
    ASSERT_EQ(wire(encode_header, '$', UINT64_MAX), "$18446744073709551615\r\n");
}

TEST(ReplyEncoder, Integers) {
    for (const int64_t value : {INT64_MIN, int64_t{-1}, int64_t{0}, int64_t{1023}, INT64_MAX}) {
        EXPECT_EQ(wire(encode_integer, value), ":" + std::to_string(value) + "\r\n");
    }
}

TEST(ReplyEncoder, Bulks) {
    EXPECT_EQ(wire(encode_bulk, ""), "$0\r\n\r\n");
    EXPECT_EQ(wire(encode_bulk, std::string_view("a\r\n\0b", 5)),
              std::string("$5\r\na\r\n\0b\r\n", 11));
    const std::string big(100000, 'x');
    EXPECT_EQ(wire(encode_bulk, std::string_view(big)), "$100000\r\n" + big + "\r\n");
}

TEST(ReplyEncoder, LinesCannotHoldLineEnds) {
    EXPECT_EQ(wire(encode_simple, "OK"), "+OK\r\n");
    EXPECT_EQ(wire(encode_simple, "a\r\nb"), "+a  b\r\n");
    EXPECT_EQ(wire(encode_error, "ERR no"), "-ERR no\r\n");
    EXPECT_EQ(wire(encode_error, "\r\nMy a\r\nb\n\r\n"), "-  My a  b\r\n");
    EXPECT_EQ(wire(encode_error, "\r\n"), "-\r\n");
}

TEST(ReplyEncoder, WhatTheVersionsSayDifferently) {
    EXPECT_EQ(wire(encode_null, 2) + wire(encode_null, 3), "$-1\r\n_\r\n");
    EXPECT_EQ(wire(encode_null_array, 2) + wire(encode_null_array, 3), "*-1\r\n_\r\n");
    EXPECT_EQ(wire(encode_boolean, true, 2) + wire(encode_boolean, false, 2), ":1\r\n:0\r\n");
    EXPECT_EQ(wire(encode_boolean, true, 3) + wire(encode_boolean, false, 3), "#t\r\n#f\r\n");
    EXPECT_EQ(wire(encode_map, 2, 2) + wire(encode_map, 2, 3), "*4\r\n%2\r\n");
    EXPECT_EQ(wire(encode_set, 2, 2) + wire(encode_set, 2, 3), "*2\r\n~2\r\n");
    EXPECT_EQ(wire(encode_push, 2, 2) + wire(encode_push, 2, 3), "*2\r\n>2\r\n");
    EXPECT_EQ(wire(encode_attribute, 1), "|1\r\n");
    EXPECT_EQ(wire(encode_big_number, "-12", 2) + wire(encode_big_number, "-12", 3),
              "$3\r\n-12\r\n(-12\r\n");
    EXPECT_EQ(wire(encode_verbatim, "txt", "a\nb", 2), "$3\r\na\nb\r\n");
    EXPECT_EQ(wire(encode_verbatim, "txt", "a\nb", 3), "=7\r\ntxt:a\nb\r\n");
}

TEST(ReplyEncoder, Doubles) {
    const double infinity = std::numeric_limits<double>::infinity();
    EXPECT_EQ(wire(encode_double, 1.5, 2) + wire(encode_double, 1.5, 3), "$3\r\n1.5\r\n,1.5\r\n");
    EXPECT_EQ(wire(encode_double, infinity, 3) + wire(encode_double, -infinity, 3),
              ",inf\r\n,-inf\r\n");
    EXPECT_EQ(wire(encode_double, std::nan(""), 3), ",nan\r\n");
    EXPECT_EQ(wire(encode_double, -1.7976931348623157e308, 2),
              "$24\r\n-1.7976931348623157e+308\r\n");
}

TEST(ReplyEncoder, BuffersGrowAndKeepTheirBytes) {
    ByteBuffer out;
    std::string expected;
    for (int i = 0; i < 5000; ++i) {
        encode_integer(out, i * 37);
        expected += ":" + std::to_string(i * 37) + "\r\n";
    }
    EXPECT_EQ(out.view(), expected);
    out.erase_front(4);
    EXPECT_EQ(out.view(), expected.substr(4));
    ByteBuffer other = std::move(out);
    EXPECT_TRUE(out.empty());
    other.truncate(2);
    other.shrink(0);
    EXPECT_EQ(other.capacity(), 2u);
    EXPECT_EQ(other.view(), expected.substr(4, 2));
    other.release();
    EXPECT_EQ(other.capacity(), 0u);
}

}  // namespace
}  // namespace millrace::protocol
