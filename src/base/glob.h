// SPDX-License-Identifier: BSD-3-Clause
//
// Glob patterns, as KEYS, SCAN, PSUBSCRIBE, CONFIG GET and ACL rules use them.
//
//     *        any bytes, or none          [abc]  one of these bytes
//     ?        one byte                    [^ab]  one byte, but none of these
//     \x       the byte x itself           [a-z]  one byte of a range, in either order
//
// Threads: any.
// Limits:  time at most proportional to pattern size times text size; no recursion.
#pragma once

#include <string_view>

namespace millrace {

// Whether `pattern` covers all of `text`. With `ignore_case` ASCII letters match in both cases.
// Compat: "*" does not match the empty text here; the commands for which it means "all" ask for it
// first.
bool glob_match(std::string_view pattern, std::string_view text, bool ignore_case = false);

}  // namespace millrace
