// SPDX-License-Identifier: BSD-3-Clause
//
// What passes between the main thread and the snapshot thread.
//
// A *task* is one snapshot. It travels with its first chunk, and comes back with its last. A
// *chunk* holds some hundred keys as they were at the cut:
//
//     String   the entry itself, which is read where it is (keyspace/capture.h says why that is
//     safe) Bytes    a small collection: type, key and value as they will stand in the file, in the
//              chunk's bytes, but for compression
//     Root     a large collection, frozen; type and key in the chunk's bytes
//
// Owner:   whoever popped it last.
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/byte_buffer.h"
#include "base/result.h"
#include "persistence/rdb/dataset_writer.h"
#include "persistence/rdb/writer.h"
#include "persistence/snapshot/service.h"

namespace millrace::persistence::snapshot {

struct DatabaseSize {
    uint64_t keys = 0;
    uint64_t expiring = 0;
};

struct Task {
    std::unique_ptr<SnapshotTarget> target;
    std::string preamble;
    std::vector<DatabaseSize> sizes;  // By number, at the cut.
    rdb::WriterOptions format;
    rdb::UseMarks use_marks = rdb::UseMarks::None;
    int64_t key_delay_us = 0;
    Status result = done();  // When it comes back.
};

struct Record {
    enum class Kind : uint8_t { String, Bytes, Root };

    const void* object;  // keyspace::Entry of String, keyspace::Collection of Root.
    int64_t expire_at_ms;
    uint32_t use;    // As rdb::write_key_facts() takes it.
    uint32_t place;  // In `places`; not of String.
    uint16_t db;
    Kind kind;
};

// Where in the chunk's bytes the type, key and value of a record stand, and which of the plain
// strings there are its own.
struct Place {
    size_t begin;
    size_t end;
    size_t plain_begin;
    size_t plain_end;
};

struct Chunk {
    static constexpr size_t kRecordsMax = 256;
    static constexpr size_t kBytesMax = size_t{64} << 10;  // Closed when it has more.

    uint64_t number = 0;
    std::vector<Record> records;
    std::vector<Place> places;
    std::vector<rdb::PlainString> plain;
    ByteBuffer bytes;
    uint64_t held_bytes = 0;  // Memory that only the snapshot keeps.
    std::unique_ptr<Task> task;
    bool is_last = false;

    uint64_t memory_bytes() const {
        return sizeof(Chunk) + records.capacity() * sizeof(Record) +
               places.capacity() * sizeof(Place) + plain.capacity() * sizeof(rdb::PlainString) +
               bytes.capacity();
    }
};

}  // namespace millrace::persistence::snapshot
