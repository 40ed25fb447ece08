// SPDX-License-Identifier: BSD-3-Clause
//
// Values as the commands that make them: the form of base files without an RDB preamble.
//
// Owner:   whoever writes such a file.
// Threads: any, one at a time.
#pragma once

#include <string_view>

#include "base/byte_buffer.h"
#include "base/result.h"
#include "persistence/rdb/value_reader.h"
#include "persistence/rdb/writer.h"

namespace millrace::persistence::aof {

// Appends the commands that make `value` under `key`.
void append_value(ByteBuffer& out, std::string_view key, const rdb::Value& value);

// Turns a whole RDB file into commands.
Status write_as_commands(std::string_view rdb_file, const values::GrowthRules& rules,
                         rdb::ByteSink& sink);

}  // namespace millrace::persistence::aof
