// SPDX-License-Identifier: BSD-3-Clause
//
// The answer of HELP subcommands: an array of simple strings with a fixed first and last part.
//
// Threads: main thread.
#pragma once

#include <span>
#include <string_view>

#include "engine/call.h"

namespace millrace::admin {

// `lines` describes the subcommands; those about HELP itself are added.
Status reply_help(engine::Call& call, std::string_view command,
                  std::span<const std::string_view> lines);

}  // namespace millrace::admin
