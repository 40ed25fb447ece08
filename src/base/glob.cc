// SPDX-License-Identifier: BSD-3-Clause
#include "base/glob.h"

#include <cstddef>
#include <utility>

#include "base/bytes.h"

namespace millrace {
namespace {

template <bool kIgnoreCase>
char folded(char byte) {
    return kIgnoreCase ? to_lower(byte) : byte;
}

// Compat: bytes are signed here, so a range that ends in 0x80 or more runs backwards.
template <bool kIgnoreCase>
bool in_range(char first, char last, char byte) {
    int low = static_cast<signed char>(first);
    int high = static_cast<signed char>(last);
    if (low > high) std::swap(low, high);
    const auto fold = [](int c) {
        return static_cast<int>(
            static_cast<signed char>(folded<kIgnoreCase>(static_cast<char>(c))));
    };
    return fold(static_cast<signed char>(byte)) >= fold(low) &&
           fold(static_cast<signed char>(byte)) <= fold(high);
}

// Matches `byte` with the class whose '[' is at `at`, and moves `at` behind the class.
// Compat: "]" ends a class even as its first byte, and the end of the pattern ends it too; an
// escaped byte is never compared without case.
template <bool kIgnoreCase>
bool match_class(std::string_view pattern, size_t& at, char byte) {
    ++at;
    const bool inverted = at < pattern.size() && pattern[at] == '^';
    at += inverted;
    bool found = false;
    for (;;) {
        const size_t left = pattern.size() - at;
        if (left == 0) break;
        const char first = pattern[at];
        if (first == '\\' && left >= 2) {
            found |= pattern[at + 1] == byte;
            at += 2;
        } else if (first == ']') {
            ++at;
            break;
        } else if (left >= 3 && pattern[at + 1] == '-') {
            found |= in_range<kIgnoreCase>(first, pattern[at + 2], byte);
            at += 3;
        } else {
            found |= folded<kIgnoreCase>(first) == folded<kIgnoreCase>(byte);
            ++at;
        }
    }
    return found != inverted;
}

// Matches `byte` with the element at `at`, which is not '*', and moves `at` behind it.
template <bool kIgnoreCase>
bool match_one(std::string_view pattern, size_t& at, char byte) {
    switch (pattern[at]) {
        case '?':
            ++at;
            return true;
        case '[':
            return match_class<kIgnoreCase>(pattern, at, byte);
        case '\\':
            if (at + 1 < pattern.size()) ++at;
            break;
        default:
            break;
    }
    return folded<kIgnoreCase>(pattern[at++]) == folded<kIgnoreCase>(byte);
}

// Every element but '*' takes exactly one byte. So if what follows a '*' fails, only a later start
// of that same stretch can help; an earlier '*' need not be tried again.
template <bool kIgnoreCase>
bool match(std::string_view pattern, std::string_view text) {
    constexpr size_t kNone = std::string_view::npos;
    // Compat: Valkey gives up at so many, where its own matcher would go too deep.
    constexpr size_t kStarsMax = 1000;
    size_t stars = 0;
    size_t at = 0;
    size_t next = 0;
    size_t star_at = kNone;  // Behind the last '*'.
    size_t star_next = 0;    // Where in the text that stretch was tried.
    while (next < text.size()) {
        if (at < pattern.size() && pattern[at] == '*') {
            if (++stars > kStarsMax) return false;
            star_at = ++at;
            star_next = next;
            if (star_at == pattern.size()) return true;
            continue;
        }
        if (at < pattern.size() && match_one<kIgnoreCase>(pattern, at, text[next])) {
            ++next;
            continue;
        }
        if (star_at == kNone) return false;
        at = star_at;
        next = ++star_next;
    }
    // Compat: only the text behind an element can be empty, so "*" does not match the empty text.
    if (text.empty()) return pattern.empty();
    while (at < pattern.size() && pattern[at] == '*') ++at;
    return at == pattern.size();
}

}  // namespace

bool glob_match(std::string_view pattern, std::string_view text, bool ignore_case) {
    return ignore_case ? match<true>(pattern, text) : match<false>(pattern, text);
}

}  // namespace millrace
