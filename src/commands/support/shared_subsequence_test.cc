// SPDX-License-Identifier: BSD-3-Clause
//
// The subsequence of two strings, against a slow and obvious way to its length.
#include "commands/support/shared_subsequence.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

namespace millrace::commands::support {
namespace {

// Tries every subset of the bytes of `first`.
size_t length_by_trying(const std::string& first, const std::string& second) {
    size_t longest = 0;
    for (unsigned subset = 0; subset < 1u << first.size(); ++subset) {
        size_t taken = 0;
        size_t at = 0;
        bool fits = true;
        for (size_t i = 0; i < first.size() && fits; ++i) {
            if ((subset >> i & 1) == 0) continue;
            at = second.find(first[i], at);
            fits = at != std::string::npos;
            ++at;
            ++taken;
        }
        if (fits) longest = std::max(longest, taken);
    }
    return longest;
}

bool is_subsequence(const std::string& part, const std::string& whole) {
    size_t at = 0;
    for (const char byte : whole) {
        if (at < part.size() && part[at] == byte) ++at;
    }
    return at == part.size();
}

TEST(SharedSubsequence, IsSharedAndNoneIsLonger) {
    std::mt19937 random(1);
    for (int round = 0; round < 300; ++round) {
        std::string words[2];
        for (std::string& word : words) {
            word.resize(random() % 9);
            for (char& letter : word) letter = static_cast<char>('a' + random() % 3);
        }
        SharedSubsequence shared(words[0], words[1]);
        shared.build();
        const std::string text = shared.text();
        EXPECT_EQ(text.size(), shared.length());
        EXPECT_EQ(text.size(), length_by_trying(words[0], words[1]));
        EXPECT_TRUE(is_subsequence(text, words[0]));
        EXPECT_TRUE(is_subsequence(text, words[1]));

        std::string joined;
        for (const SharedSubsequence::Match& match : shared.matches()) {
            const std::string stretch = words[0].substr(match.first_begin, match.bytes);
            EXPECT_EQ(stretch, words[1].substr(match.second_begin, match.bytes));
            joined.insert(0, stretch);
        }
        EXPECT_EQ(joined, text);
    }
}

TEST(SharedSubsequence, SaysWhenItsTableCannotBeCounted) {
    const char byte = 0;
    const std::string_view huge(&byte, SIZE_MAX / 2);  // Only its size is looked at.
    EXPECT_FALSE(SharedSubsequence(huge, huge).table_bytes());
    EXPECT_EQ(SharedSubsequence("ab", "c").table_bytes(), 3 * 2 * sizeof(uint32_t));
}

}  // namespace
}  // namespace millrace::commands::support
