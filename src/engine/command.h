// SPDX-License-Identifier: BSD-3-Clause
//
// Everything that a command file includes: the declaration, the call, and short names for the words
// of both.
//
// Threads: main thread, like everything a handler does.
#pragma once

#include "engine/call.h"
#include "engine/command_spec.h"
#include "engine/errors.h"

namespace millrace::engine {

// Flags of the style "what a key spec does", under the names that COMMAND INFO uses.
inline constexpr uint32_t kRO = kKeyReadOnly;
inline constexpr uint32_t kRW = kKeyReadWrite;
inline constexpr uint32_t kOW = kKeyOverwrite;
inline constexpr uint32_t kRM = kKeyRemove;

}  // namespace millrace::engine
