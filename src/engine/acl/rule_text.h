// SPDX-License-Identifier: BSD-3-Clause
//
// What rules, which stand between blanks in files, may look like.
//
// Threads: any.
#pragma once

#include <string>
#include <string_view>

namespace millrace::engine::acl {

// Blanks of any kind, or NUL bytes.
bool has_blanks(std::string_view text);

// Words between single blanks, each quoted if it needs that. In parentheses a closing one needs it.
std::string quote_words(std::string_view words, bool in_parentheses);

}  // namespace millrace::engine::acl
