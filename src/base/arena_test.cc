// SPDX-License-Identifier: BSD-3-Clause
#include "base/arena.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {
namespace {

TEST(Arena, CopiesStayWhereTheyAre) {
    Arena arena;
    std::vector<std::string_view> copies;
    for (size_t size = 0; size < 3000; size += 7) {
        copies.push_back(arena.copy(std::string(size, static_cast<char>('a' + size % 26))));
    }
    size_t size = 0;
    for (std::string_view copy : copies) {
        EXPECT_EQ(copy, std::string(size, static_cast<char>('a' + size % 26)));
        size += 7;
    }
}

TEST(Arena, NothingIsCopiedBeforeThereIsMemory) {
    Arena arena;
    const std::string_view copy = arena.copy({});
    EXPECT_TRUE(copy.empty());
    EXPECT_NE(copy.data(), nullptr);
}

TEST(Arena, ArraysAreAligned) {
    Arena arena;
    for (size_t count = 1; count < 5000; count = count * 3 + 1) {
        (void)arena.copy("x");
        auto* values = arena.array<uint64_t>(count);
        EXPECT_EQ(reinterpret_cast<uintptr_t>(values) % alignof(uint64_t), 0u);
        std::memset(values, 0xFF, count * sizeof(uint64_t));
    }
}

}  // namespace
}  // namespace millrace
