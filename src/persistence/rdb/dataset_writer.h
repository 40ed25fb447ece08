// SPDX-License-Identifier: BSD-3-Clause
//
// Writes the whole dataset as an RDB file: header, facts about the server, each database, checksum.
//
// Owner:   whoever saves.
// Threads: main thread.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "keyspace/keyspace.h"
#include "persistence/rdb/writer.h"

namespace millrace::persistence::rdb {

// What is kept of how keys are used, which depends on `maxmemory-policy`.
enum class UseMarks : uint8_t { None, Idle, Frequency };

struct DatasetFacts {
    int64_t now_seconds = 0;
    UseMarks use_marks = UseMarks::None;
    bool is_aof_base = false;
    int64_t key_delay_us = 0;  // For tests; negative: so many keys a microsecond.
};

Status write_dataset(Writer& writer, keyspace::Keyspace& keyspace, const DatasetFacts& facts);

// Waits as `delay_us` says before the key after `keys` others.
void delay_key(int64_t delay_us, uint64_t keys);

}  // namespace millrace::persistence::rdb
