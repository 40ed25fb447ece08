// SPDX-License-Identifier: BSD-3-Clause
//
// Writes the whole dataset as an RDB file: header, facts about the server, each database, checksum;
// and the parts of that for whoever has the keys at hand one by one.
//
// Owner:   whoever saves.
// Threads: main thread, but for the parts that take no keyspace.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "keyspace/keyspace.h"
#include "persistence/rdb/library_store.h"
#include "persistence/rdb/writer.h"

namespace millrace::persistence::rdb {

// What is kept of how keys are used, which depends on `maxmemory-policy`.
enum class UseMarks : uint8_t { None, Idle, Frequency };

struct DatasetFacts {
    int64_t now_seconds = 0;
    UseMarks use_marks = UseMarks::None;
    bool is_aof_base = false;
    const LibraryStore* libraries = nullptr;  // Null: there are none.
    int64_t key_delay_us = 0;                 // For tests; negative: so many keys a microsecond.
};

// Magic, facts, functions: all that stands before the first key.
void write_preamble(Writer& writer, const DatasetFacts& facts);
// The keys that follow are those of database `number`.
void write_database_number(Writer& writer, int number);
// How many keys it has, and how many of them expire.
void write_database_size(Writer& writer, uint64_t keys, uint64_t expiring);
// What the keeper of the format puts before the type: when the key expires, how it was used.
void write_key_facts(Writer& writer, int64_t expire_at_ms, UseMarks marks, uint64_t use);
// How a key was used, as write_key_facts() takes it.
uint64_t use_of(const keyspace::Entry& entry, UseMarks marks, const keyspace::AccessClock& clock);
// End mark and checksum.
Status write_end(Writer& writer);

Status write_dataset(Writer& writer, keyspace::Keyspace& keyspace, const DatasetFacts& facts);

// Waits as `delay_us` says before the key after `keys` others.
void delay_key(int64_t delay_us, uint64_t keys);

}  // namespace millrace::persistence::rdb
