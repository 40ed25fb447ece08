// SPDX-License-Identifier: BSD-3-Clause
//
// Reads the configuration: files with their includes, standard input, options of the command line.
//
// The three follow each other as one text, so the last line about a setting is the one that counts.
// Lines are words as in base/quote.h; a line whose first character is '#' is a comment.
//
//     include PATH          another file here; with wildcards all that match, in alphabetical order
//
// Owner:   whoever starts the server.
// Threads: main thread only.
// Limits:  kIncludeDepthMax files inside each other.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "config/registry.h"

namespace millrace::config {

inline constexpr size_t kIncludeDepthMax = 32;

// Why the server cannot start with this configuration.
struct LoadError {
    size_t line = 0;       // From 1; 0: no line is to blame.
    std::string text;      // The line.
    std::string message;   // What is wrong, or the whole story if there is no line.
    bool for_log = false;  // Belongs into the log, as a warning, instead of on standard error.

    // What to print: with a header that names `version` unless it is for the log.
    std::string print(std::string_view version) const;
};

// What a start reads, in this order.
struct Sources {
    std::string path;  // Empty: no file. Wildcards as in `include`.
    std::string standard_input;
    std::string options;  // As parse_command_line() makes them.
};

// Nothing: all lines are accepted. Otherwise settings before the line that failed have been
// changed.
std::optional<LoadError> load(Registry& registry, const Sources& sources);

// As load(), from a text that comes from no file.
std::optional<LoadError> load_text(Registry& registry, std::string_view text);

// All that a file or standard input holds.
Result<std::string> read_file(const std::string& path);
Result<std::string> read_standard_input();

}  // namespace millrace::config
