// SPDX-License-Identifier: BSD-3-Clause
//
// One value as DUMP hands it out and RESTORE takes it: type, value, version, checksum.
//
// Threads: main thread.
#pragma once

#include <string_view>

#include "base/result.h"
#include "keyspace/entry.h"
#include "persistence/rdb/value_reader.h"
#include "persistence/rdb/writer.h"

namespace millrace::persistence::rdb {

void write_payload(ByteSink& sink, const keyspace::Entry& entry, bool compress);

struct PayloadRules {
    bool is_relaxed = false;  // Versions of others are tried.
    bool verify_checksum = true;
};

// The type and the value without what stands behind them, or what RESTORE answers.
Result<std::string_view> open_payload(std::string_view payload, const PayloadRules& rules);

// `body` is what open_payload() gave.
Result<Value> read_payload(std::string_view body, const ReadRules& rules, Scratch& scratch);

}  // namespace millrace::persistence::rdb
