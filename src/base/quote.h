// SPDX-License-Identifier: BSD-3-Clause
//
// Quoted words: the way Valkey writes a string in files and logs, and splits a line into arguments.
//
// Splitting follows its inline commands and configuration file: words are separated by blanks; a
// part in double quotes knows the escapes \n \r \t \a \b \xHH and "any other character stands for
// itself"; a part in single quotes knows only \'. As in a shell, quoted and plain parts that touch
// make one word.
//
// Threads:   any; both functions touch only their arguments.
// Invariant: split_arguments(quote(a) + " " + quote(b)) gives back a and b, whatever their bytes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace millrace {

// `text` in double quotes, with escapes for everything that is not printable ASCII.
std::string quote(std::string_view text);

// Appends what quote() returns.
void append_quoted(std::string& out, std::string_view text);

// True when `text` has to be quoted to survive split_arguments as one word.
bool needs_quotes(std::string_view text);

// The words of `line`, without their quotes; the error is kUnbalancedQuotes. A NUL byte ends the
// line.
Result<std::vector<std::string>> split_arguments(std::string_view line);

inline constexpr ErrorText kUnbalancedQuotes{"Unbalanced quotes"};

}  // namespace millrace
