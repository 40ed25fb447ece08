// SPDX-License-Identifier: BSD-3-Clause
//
// What SLOWLOG and COMMANDLOG have in common: their arguments and the entries that they show.
//
// Threads: main thread.
#pragma once

#include <cstdint>

#include "engine/call.h"
#include "observe/command_log.h"

namespace millrace::admin {

// How many entries argument `at` asks for; -1 is all.
Result<int64_t> parse_entry_count(engine::Call& call, size_t at);
Result<observe::CommandLogKind> parse_log_kind(engine::Call& call, size_t at);

void reply_entries(engine::Call& call, observe::CommandLogKind kind, int64_t count);

}  // namespace millrace::admin
