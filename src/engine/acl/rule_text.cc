// SPDX-License-Identifier: BSD-3-Clause
#include "engine/acl/rule_text.h"

#include <algorithm>
#include <cctype>

#include "base/quote.h"

namespace millrace::engine::acl {

bool has_blanks(std::string_view text) {
    return std::ranges::any_of(text, [](unsigned char byte) {
        return byte == 0 || std::isspace(byte) != 0;
    });
}

std::string quote_words(std::string_view words, bool in_parentheses) {
    std::string text;
    for (;;) {
        const size_t space = words.find(' ');
        const std::string_view word = words.substr(0, space);
        const bool closes = in_parentheses && word.find(')') != std::string_view::npos;
        if (closes || needs_quotes(word)) {
            append_quoted(text, word);
        } else {
            text += word;
        }
        if (space == std::string_view::npos) return text;
        text += ' ';
        words.remove_prefix(space + 1);
    }
}

}  // namespace millrace::engine::acl
