// SPDX-License-Identifier: BSD-3-Clause
#include "base/quote.h"

#include <cstddef>
#include <utility>

namespace millrace {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";

// The blanks that end a word. Compat: \v and \f only count between words.
bool ends_word(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
bool is_blank(char c) {
    return ends_word(c) || c == '\v' || c == '\f';
}

bool is_printable(char c) {
    return c >= ' ' && c <= '~';
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// The character that `\c` stands for.
char unescape(char c) {
    switch (c) {
        case 'n':
            return '\n';
        case 'r':
            return '\r';
        case 't':
            return '\t';
        case 'a':
            return '\a';
        case 'b':
            return '\b';
        default:
            return c;
    }
}

// The letter of the two-character escape for `c`, or 0.
char escape_letter(char c) {
    switch (c) {
        case '\\':
            return '\\';
        case '"':
            return '"';
        case '\n':
            return 'n';
        case '\r':
            return 'r';
        case '\t':
            return 't';
        case '\a':
            return 'a';
        case '\b':
            return 'b';
        default:
            return 0;
    }
}

// Compat: an escape needs one more byte behind it, so a backslash before the last quote of a line
// is plain.
constexpr size_t kEscapeBytes = 2;

// Walks over one line and takes words from it.
class Splitter {
public:
    explicit Splitter(std::string_view line) : rest_(line) {}

    bool at_word() {
        while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
        return !rest_.empty();
    }

    // The next word; only after at_word(). False: a quote is never closed.
    bool take_word(std::string& word) {
        while (!rest_.empty() && !ends_word(rest_.front())) {
            const char c = rest_.front();
            rest_.remove_prefix(1);
            if (c == '"') {
                if (!take_double_quoted(word)) return false;
            } else if (c == '\'') {
                if (!take_single_quoted(word)) return false;
            } else {
                word.push_back(c);
            }
        }
        return true;
    }

private:
    bool take_double_quoted(std::string& word) {
        while (!rest_.empty()) {
            const char c = rest_.front();
            if (c == '"') {
                rest_.remove_prefix(1);
                return true;
            }
            if (c != '\\' || rest_.size() <= kEscapeBytes) {
                word.push_back(c);
                rest_.remove_prefix(1);
                continue;
            }
            if (rest_[1] == 'x' && rest_.size() >= 4 && hex_value(rest_[2]) >= 0 &&
                hex_value(rest_[3]) >= 0) {
                word.push_back(static_cast<char>(hex_value(rest_[2]) * 16 + hex_value(rest_[3])));
                rest_.remove_prefix(4);
                continue;
            }
            word.push_back(unescape(rest_[1]));
            rest_.remove_prefix(2);
        }
        return false;
    }

    bool take_single_quoted(std::string& word) {
        while (!rest_.empty()) {
            const char c = rest_.front();
            rest_.remove_prefix(1);
            if (c == '\'') return true;
            if (c == '\\' && rest_.size() >= kEscapeBytes && rest_.front() == '\'') {
                word.push_back('\'');
                rest_.remove_prefix(1);
                continue;
            }
            word.push_back(c);
        }
        return false;
    }

    std::string_view rest_;
};

}  // namespace

void append_quoted(std::string& out, std::string_view text) {
    out.push_back('"');
    for (const char c : text) {
        if (const char letter = escape_letter(c)) {
            out.push_back('\\');
            out.push_back(letter);
        } else if (is_printable(c)) {
            out.push_back(c);
        } else {
            const auto byte = static_cast<unsigned char>(c);
            out += {'\\', 'x', kHexDigits[byte >> 4], kHexDigits[byte & 15]};
        }
    }
    out.push_back('"');
}

std::string quote(std::string_view text) {
    std::string out;
    out.reserve(text.size() + 2);
    append_quoted(out, text);
    return out;
}

bool needs_quotes(std::string_view text) {
    if (text.empty()) return true;
    for (const char c : text) {
        if (!is_printable(c) || c == ' ' || c == '"' || c == '\'' || c == '\\') return true;
    }
    return false;
}

Result<std::vector<std::string>> split_arguments(std::string_view line) {
    Splitter splitter(line.substr(0, line.find('\0')));
    std::vector<std::string> words;
    while (splitter.at_word()) {
        std::string word;
        if (!splitter.take_word(word)) return kUnbalancedQuotes;
        words.push_back(std::move(word));
    }
    return words;
}

}  // namespace millrace
