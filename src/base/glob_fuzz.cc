// SPDX-License-Identifier: BSD-3-Clause
//
// The matcher against one that tries every way, element by element.
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/glob.h"

namespace {

using millrace::to_lower;

struct Element {
    size_t size;
    bool matches;
};

bool equal(char a, char b, bool fold) {
    return fold ? to_lower(a) == to_lower(b) : a == b;
}

bool between(char a, char b, char byte, bool fold) {
    if (static_cast<signed char>(a) > static_cast<signed char>(b)) return between(b, a, byte, fold);
    const auto rank = [fold](char c) { return static_cast<signed char>(fold ? to_lower(c) : c); };
    return rank(a) <= rank(byte) && rank(byte) <= rank(b);
}

// The element at the front of `pattern`, which is not '*', and whether it matches `byte`.
Element element(std::string_view pattern, char byte, bool fold) {
    if (pattern[0] == '?') return {1, true};
    if (pattern[0] == '\\' && pattern.size() > 1) return {2, equal(pattern[1], byte, fold)};
    if (pattern[0] != '[') return {1, equal(pattern[0], byte, fold)};

    const bool inverted = pattern.substr(1).starts_with('^');
    size_t at = inverted ? 2 : 1;
    bool found = false;
    while (at < pattern.size() && pattern[at] != ']') {
        const std::string_view rest = pattern.substr(at);
        if (rest[0] == '\\' && rest.size() > 1) {
            found = found || rest[1] == byte;
            at += 2;
        } else if (rest.size() > 2 && rest[1] == '-') {
            found = found || between(rest[0], rest[2], byte, fold);
            at += 3;
        } else {
            found = found || equal(rest[0], byte, fold);
            at += 1;
        }
    }
    return {at < pattern.size() ? at + 1 : at, found != inverted};
}

bool slow_match(std::string_view pattern, std::string_view text, bool fold) {
    if (pattern.empty()) return text.empty();
    if (pattern[0] == '*') {
        for (size_t skipped = 0; skipped <= text.size(); ++skipped) {
            if (slow_match(pattern.substr(1), text.substr(skipped), fold)) return true;
        }
        return false;
    }
    if (text.empty()) return false;
    const Element first = element(pattern, text[0], fold);
    return first.matches && slow_match(pattern.substr(first.size), text.substr(1), fold);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 2) return 0;
    // Few different bytes, so that something matches; small sizes, as the slow way is exponential.
    static constexpr char kBytes[] = "ab*?[]^-\\*cA\xff";
    char text[24];
    const size_t used = size - 2 < sizeof text ? size - 2 : sizeof text;
    for (size_t i = 0; i < used; ++i) text[i] = kBytes[data[i + 2] % (sizeof kBytes - 1)];
    const std::string_view all(text, used);
    const std::string_view pattern = all.substr(0, data[1] % (used / 2 + 2) % 12);
    const std::string_view subject = all.substr(pattern.size());
    const bool fold = data[0] % 2 == 0;
    const bool expected = subject.empty() ? pattern.empty() : slow_match(pattern, subject, fold);
    CHECK(millrace::glob_match(pattern, subject, fold) == expected);
    return 0;
}
