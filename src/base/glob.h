// SPDX-License-Identifier: BSD-3-Clause
//
// Patterns of key names, channels and settings, with exactly Valkey's idea of what they match.
//
//     *      any bytes, none included         [abc]  one of these        [^abc]  one byte, none of these
//     ?      one byte                         [a-f]  one of a range      \x      x itself
//
// A set that is not closed ends with the pattern; the ends of a range may stand in either order.
//
// Threads: any.
// Limits:  time is at most the product of the two sizes; no recursion.
#pragma once

#include <cstdint>
#include <string_view>

namespace millrace {

enum class LetterCase : uint8_t { Significant, Ignored };

bool glob_matches(std::string_view pattern, std::string_view text,
                  LetterCase letter_case = LetterCase::Significant);

}  // namespace millrace
