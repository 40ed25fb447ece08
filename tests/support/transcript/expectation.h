// SPDX-License-Identifier: BSD-3-Clause
//
// Comparing what is expected with what came, and the placeholders of transcript.h.
//
// Threads: any.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/reply_parser.h"

namespace millrace::transcript {

// What placeholders refer to: the time of the server, and how far a time may be off.
struct Surroundings {
    int64_t now_ms = 0;
    int64_t slack_ms = 0;
    bool one_null = false;  // RESP3, where a null array is a null like any other.
};

// The words to send, with placeholders filled in.
std::string fill_in(std::string_view text, const Surroundings& surroundings);

bool line_matches(std::string_view expected, std::string_view actual,
                  const Surroundings& surroundings);
bool lines_match(std::span<const std::string> expected, std::span<const std::string> actual,
                 const Surroundings& surroundings);

// Puts parts into alphabetical order where "! unordered" says so.
void sort_parts(protocol::Reply& reply);

std::vector<std::string> split_lines(std::string_view text);

}  // namespace millrace::transcript
