// SPDX-License-Identifier: BSD-3-Clause
#include "base/crc64.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace {
namespace {

TEST(Crc64, HasTheCheckValueOfItsVariant) {
    EXPECT_EQ(crc64(0, "123456789"), 0xe9c6d914c4b8d9caULL);
    EXPECT_EQ(crc64(0, ""), 0u);
}

TEST(Crc64, GoesOnWhereItStopped) {
    std::string text;
    for (int i = 0; i < 1000; ++i) text += static_cast<char>(i * 7);
    const uint64_t whole = crc64(0, text);
    for (size_t cut = 0; cut <= text.size(); cut += 13) {
        const std::string_view view = text;
        EXPECT_EQ(crc64(crc64(0, view.substr(0, cut)), view.substr(cut)), whole);
    }
}

TEST(Crc64, IsTheSameHoweverItIsMade) {
    std::string text;
    for (uint64_t i = 0; i < 1500; ++i) text += static_cast<char>(i * i * 2654435761u >> 7);
    const std::string_view view = text;
    for (size_t size = 0; size <= view.size(); ++size) {
        for (const uint64_t before : {uint64_t{0}, ~uint64_t{0}, size * 0x9e3779b97f4a7c15}) {
            const std::string_view part = view.substr(size % 16, size);
            ASSERT_EQ(crc64(before, part), crc64_portably(before, part)) << size;
        }
    }
}

}  // namespace
}  // namespace millrace
