// SPDX-License-Identifier: BSD-3-Clause
#include "base/sha1.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

TEST(Sha1, KnownDigests) {
    EXPECT_EQ(hexadecimal(sha1("")), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    EXPECT_EQ(hexadecimal(sha1("abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
    EXPECT_EQ(hexadecimal(sha1(std::string_view("\0x", 2))),
              hexadecimal(sha1(std::string("\0x", 2))));
}

}  // namespace
}  // namespace millrace
