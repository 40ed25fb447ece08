// SPDX-License-Identifier: BSD-3-Clause
#include "base/append.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

using namespace millrace;

namespace {

TEST(Append, TextsCharactersAndNumbers) {
    std::string out = "before ";
    const std::string owned = "owned";
    append(out, "literal ", owned, ' ', std::string_view("view"), " ", 0, ' ', -17);
    EXPECT_EQ(out, "before literal owned view 0 -17");
}

TEST(Append, NumbersOfAllKinds) {
    std::string out;
    append(out, std::numeric_limits<uint64_t>::max(), '|', std::numeric_limits<int64_t>::min(), '|',
           uint8_t{7}, '|', int8_t{-7}, '|', uint16_t{65535}, '|', uint32_t{4294967295});
    EXPECT_EQ(out, "18446744073709551615|-9223372036854775808|7|-7|65535|4294967295");
}

TEST(Append, NothingIsNothing) {
    std::string out;
    append(out, "", std::string(), std::string_view());
    EXPECT_EQ(out, "");
}

TEST(Append, ZeroBytesAreKept) {
    std::string out;
    append(out, std::string_view("a\0b", 3), '\0');
    EXPECT_EQ(out, std::string("a\0b\0", 4));
}

}  // namespace
