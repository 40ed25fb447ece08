// SPDX-License-Identifier: BSD-3-Clause
//
// What COMMAND tells about commands, made from their declarations: the rows of COMMAND INFO and the
// maps of COMMAND DOCS, and the words that both use.
//
// Threads: main thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/command_registry.h"
#include "engine/reply_writer.h"

namespace millrace::admin {

// One row of COMMAND INFO, subcommands included.
void reply_command_info(engine::ReplyWriter& reply, const engine::Command& command);

// The map of COMMAND DOCS that follows the command's name, subcommands included.
void reply_command_docs(engine::ReplyWriter& reply, const engine::Command& command);

// What a command does to a key: RO, RW, access, ...
void reply_key_flags(engine::ReplyWriter& reply, uint32_t flags);

// Compat: three numbers for clients that know no key specifications: what the fixed specs cover
// together.
struct LegacyKeyRange {
    int first = 0;
    int last = 0;
    int step = 0;
};
LegacyKeyRange legacy_key_range(const engine::CommandSpec& spec);

}  // namespace millrace::admin
