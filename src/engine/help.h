// SPDX-License-Identifier: BSD-3-Clause
//
// The answer to `CONTAINER HELP`: a heading, the lines that the command gives, and a line on HELP
// itself.
//
// Threads: main thread.
#pragma once

#include <span>
#include <string_view>

#include "engine/reply_writer.h"

namespace millrace::engine {

// `container` is in upper case. Lines that explain stand four blanks to the right of what they
// explain.
void reply_help(ReplyWriter& reply, std::string_view container,
                std::span<const std::string_view> lines);

}  // namespace millrace::engine
