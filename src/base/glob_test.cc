// SPDX-License-Identifier: BSD-3-Clause
//
// What patterns match; the odd cases are Valkey's.
#include "base/glob.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace millrace {
namespace {

// Each line was tried on Valkey 9.1.2 with KEYS.
TEST(Glob, SingleBytes) {
    const std::string_view bytes("ab-]^[\\\xff\x80Zz*?", 13);
    struct Case {
        std::string_view pattern;
        std::string_view matched;
    };
    const Case cases[] = {
        {"*", bytes},
        {"**", bytes},
        {"?", bytes},
        {"?*", bytes},
        {"*?", bytes},
        {"??", ""},
        {"[]", ""},
        {"[^]", bytes},
        {"[", ""},
        {"[^", bytes},
        {"[a", "a"},
        {"[a-", "a-"},
        {"[a-]", "a]^"},
        {"[z-a]", "abz"},
        {"\\", "\\"},
        {"\\a", "a"},
        {"\\*", "*"},
        {"\\\\", "\\"},
        {"[\\a]", "a"},
        {"[\\]", "]"},
        {"[\\", "\\"},
        {"[\\]]", "]"},
        {"[]a]", ""},
        {"[[]", "["},
        {"[\\a-z]", "a-z"},
        {"[a-\\]]", ""},
        {"[^z]", "ab-]^[\\\xff\x80Z*?"},
        {"[---]", "-"},
        {"[--]", "-]Z[\\?"},
        {"[\x80-\xff]", "\x80\xff"},
        {"[\xff-\x80]", "\x80\xff"},
        {"[a-\xff]", "a-]^[\\\xffZ*?"},
        {"*\\", "\\"},
        {"", ""},
    };
    for (const Case& c : cases) {
        for (const char byte : bytes) {
            const bool expected = c.matched.find(byte) != std::string_view::npos;
            EXPECT_EQ(glob_match(c.pattern, {&byte, 1}), expected) << c.pattern << " with " << byte;
        }
    }
}

TEST(Glob, EmptyText) {
    EXPECT_TRUE(glob_match("", ""));
    for (const char* pattern : {"*", "**", "?", "[^", "\\"})
        EXPECT_FALSE(glob_match(pattern, "")) << pattern;
}

TEST(Glob, Stars) {
    EXPECT_TRUE(glob_match("h*llo", "hllo"));
    EXPECT_TRUE(glob_match("h*llo", "heeeello"));
    EXPECT_TRUE(glob_match("a**", "a"));
    EXPECT_TRUE(glob_match("*a*b*", "xxaxxbxx"));
    EXPECT_TRUE(glob_match("*ab", "aab"));
    EXPECT_TRUE(glob_match("*.[^t]*.x", "a.tb.c.x"));
    EXPECT_TRUE(glob_match("[a]*]b", "aaa]]b"));
    EXPECT_FALSE(glob_match("*a*b*", "xxbxxaxx"));
    EXPECT_FALSE(glob_match("h*llo", "hello "));
    EXPECT_FALSE(glob_match("*?", ""));
}

TEST(Glob, IgnoreCase) {
    for (const char* pattern :
         {"GET", "[G]et", "[\\g]et", "\\Get", "[A-Z]et", "[F-h]et", "g?T", "G*"}) {
        EXPECT_TRUE(glob_match(pattern, "get", true)) << pattern;
        EXPECT_TRUE(glob_match(pattern, "geT", true)) << pattern;
    }
    for (const char* pattern : {"[\\G]et", "[a-Z]et", "[Z-a]et", "[`-b]et", "[Z-h]et", "[h-Z]et"}) {
        EXPECT_FALSE(glob_match(pattern, "get", true)) << pattern;
    }
    EXPECT_FALSE(glob_match("GET", "get"));
}

// Patterns with many stars take exponential time in a matcher that tries every way.
TEST(Glob, TimeIsBounded) {
    const std::string text(100000, 'a');
    std::string pattern;
    for (int i = 0; i < 100; ++i) pattern += "a*";
    const auto start = std::chrono::steady_clock::now();
    EXPECT_FALSE(glob_match(pattern + "b", text));
    EXPECT_FALSE(glob_match("*[a-z]*[^b]*?" + pattern + "b", text));
    EXPECT_FALSE(glob_match("*" + std::string(100, 'a') + "b", text));
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

}  // namespace
}  // namespace millrace
