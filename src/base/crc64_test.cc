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

}  // namespace
}  // namespace millrace
