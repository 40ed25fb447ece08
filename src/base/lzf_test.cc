// SPDX-License-Identifier: BSD-3-Clause
#include "base/lzf.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace millrace {
namespace {

std::string round_trip(const std::string& text) {
    std::string packed(text.size() + text.size() / 16 + 64, '\0');
    const size_t size = lzf_compress(text, packed);
    EXPECT_GT(size, 0u);
    std::string back(text.size(), '?');
    EXPECT_TRUE(lzf_decompress(std::string_view(packed).substr(0, size), back));
    return back;
}

TEST(Lzf, GivesBackWhatWasCompressed) {
    std::mt19937 random(1);
    for (const int letters : {1, 2, 4, 200}) {
        for (const size_t size : {1u, 2u, 3u, 4u, 33u, 300u, 9000u, 40000u}) {
            std::string text(size, '\0');
            for (char& letter : text) letter = static_cast<char>(random() % unsigned(letters));
            EXPECT_EQ(round_trip(text), text);
        }
    }
}

TEST(Lzf, CompressesRepetitions) {
    std::string packed(100, '\0');
    EXPECT_LT(lzf_compress(std::string(1000, 'a'), packed), 30u);
    EXPECT_EQ(lzf_compress("abcdefghijklmnopqrstuvwxyz", std::span<char>(packed).first(20)), 0u);
}

// What has no repetitions is passed over in growing steps; what follows is still found.
TEST(Lzf, FindsRepetitionsBehindNoise) {
    std::mt19937 random(2);
    std::string text(4000, '\0');
    for (char& letter : text) letter = static_cast<char>(random());
    text.append(4000, 'a');
    std::string packed(text.size(), '\0');
    const size_t size = lzf_compress(text, packed);
    EXPECT_GT(size, 4000u);
    EXPECT_LT(size, 4400u);
    EXPECT_EQ(round_trip(text), text);
}

TEST(Lzf, RefusesWhatIsDamaged) {
    std::string out(10, '\0');
    EXPECT_TRUE(lzf_decompress({"\x00"
                                "a\xe0\x00\x00",
                                5},
                               out));
    EXPECT_EQ(out, std::string(10, 'a'));
    const std::span<char> room(out);
    EXPECT_FALSE(lzf_decompress({"\x00"
                                 "a\xe0\x00\x01",
                                 5},
                                room));  // From before the beginning.
    EXPECT_FALSE(lzf_decompress({"\x00"
                                 "a\xe0\x01\x00",
                                 5},
                                room));  // Too much.
    EXPECT_FALSE(lzf_decompress({"\x00"
                                 "a\xe0\x00",
                                 4},
                                room));  // Cut off.
    EXPECT_FALSE(lzf_decompress({"\x00"
                                 "a",
                                 2},
                                room));  // Too little.
    EXPECT_FALSE(lzf_decompress({"\x1f"
                                 "abc",
                                 4},
                                room));
}

TEST(Lzf, NeverLeavesItsBounds) {
    std::mt19937 random(2);
    for (int i = 0; i < 20000; ++i) {
        std::string bytes(random() % 20, '\0');
        for (char& byte : bytes) byte = static_cast<char>(random());
        std::string out(random() % 40, '\0');
        (void)lzf_decompress(bytes, out);
    }
}

}  // namespace
}  // namespace millrace
