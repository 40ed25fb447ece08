// SPDX-License-Identifier: BSD-3-Clause
//
// Events and propagated commands as lines of a transcript.
//
// Threads: any.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace millrace::transcript {

std::string event_line(int db, std::string_view event, std::string_view key);
std::string effect_line(int db, std::span<const std::string_view> words);

}  // namespace millrace::transcript
