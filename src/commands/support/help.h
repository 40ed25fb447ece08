// SPDX-License-Identifier: BSD-3-Clause
//
// The answer of HELP subcommands.
//
// Threads: main thread.
#pragma once

#include <span>
#include <string_view>

#include "engine/call.h"

namespace millrace::commands::support {

// Writes the lines of a container's subcommands between the heading and the entry of HELP itself, as
// status replies.
void reply_help(engine::Call& call, std::span<const std::string_view> lines);

}  // namespace millrace::commands::support
