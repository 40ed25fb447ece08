// SPDX-License-Identifier: BSD-3-Clause
#include "config/pattern.h"

#include <cstddef>

namespace millrace::config {
namespace {

unsigned char lower(char c) {
    return static_cast<unsigned char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

// Matches `c` with the set that begins behind the bracket at pattern[at]; moves `at` behind the
// set.
bool in_set(std::string_view pattern, size_t& at, char c) {
    bool found = false;
    ++at;
    const bool negated = at < pattern.size() && pattern[at] == '^';
    if (negated) ++at;
    while (at < pattern.size() && pattern[at] != ']') {
        if (pattern[at] == '\\' && at + 1 < pattern.size()) ++at;
        unsigned char low = lower(pattern[at]);
        unsigned char high = low;
        if (at + 2 < pattern.size() && pattern[at + 1] == '-') {
            high = lower(pattern[at + 2]);
            at += 2;
        }
        if (low > high) {
            const unsigned char swap = low;
            low = high;
            high = swap;
        }
        found = found || (lower(c) >= low && lower(c) <= high);
        ++at;
    }
    if (at < pattern.size()) ++at;
    return found != negated;
}

}  // namespace

bool name_matches(std::string_view pattern, std::string_view name) {
    size_t at = 0;
    size_t read = 0;
    // Where to go on after a mismatch: the last star takes one more character.
    size_t star = std::string_view::npos;
    size_t star_read = 0;
    while (read < name.size()) {
        if (at < pattern.size() && pattern[at] == '*') {
            star = at++;
            star_read = read;
            continue;
        }
        size_t next = at;
        bool matches = false;
        if (at < pattern.size()) {
            if (pattern[at] == '?') {
                matches = true;
                ++next;
            } else if (pattern[at] == '[') {
                matches = in_set(pattern, next, name[read]);
            } else {
                if (pattern[at] == '\\' && at + 1 < pattern.size()) ++next;
                matches = lower(pattern[next]) == lower(name[read]);
                ++next;
            }
        }
        if (matches) {
            at = next;
            ++read;
        } else if (star != std::string_view::npos) {
            at = star + 1;
            read = ++star_read;
        } else {
            return false;
        }
    }
    while (at < pattern.size() && pattern[at] == '*') ++at;
    return at == pattern.size();
}

}  // namespace millrace::config
