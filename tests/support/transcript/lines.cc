// SPDX-License-Identifier: BSD-3-Clause
#include "lines.h"

#include "base/quote.h"

namespace millrace::transcript {
namespace {

void append_word(std::string& line, std::string_view word) {
    line += ' ';
    if (needs_quotes(word)) {
        append_quoted(line, word);
    } else {
        line += word;
    }
}

std::string beginning(std::string_view kind, int db) {
    std::string line(kind);
    if (db != 0) line += "(" + std::to_string(db) + ")";
    return line;
}

}  // namespace

std::string event_line(int db, std::string_view event, std::string_view key) {
    std::string line = beginning("event", db);
    append_word(line, event);
    append_word(line, key);
    return line;
}

std::string effect_line(int db, std::span<const std::string_view> words) {
    std::string line = beginning("propagate", db);
    for (const std::string_view word : words) append_word(line, word);
    return line;
}

}  // namespace millrace::transcript
