// SPDX-License-Identifier: BSD-3-Clause
#include "persistence/rdb/dataset_writer.h"

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "base/memory.h"
#include "observe/server_facts.h"
#include "persistence/rdb/value_writer.h"

namespace millrace::persistence::rdb {
namespace {

using keyspace::Entry;

void write_fact(Writer& writer, std::string_view name, std::string_view value) {
    writer.opcode(Opcode::Aux);
    writer.string(name);
    writer.string(value);
}

void write_facts(Writer& writer, const DatasetFacts& facts) {
    write_fact(writer, "valkey-ver", observe::ServerFacts::kValkeyVersion);
    write_fact(writer, "redis-bits", "64");
    write_fact(writer, "ctime", fmt::to_string(facts.now_seconds));
    write_fact(writer, "used-mem", fmt::to_string(used_bytes()));
    write_fact(writer, "aof-base", facts.is_aof_base ? "1" : "0");
}

void write_libraries(Writer& writer, const LibraryStore& libraries) {
    libraries.for_each([&writer](std::string_view code) {
        writer.opcode(Opcode::Function);
        writer.string(code);
    });
}

void write_key(Writer& writer, const Entry& entry, UseMarks marks,
               const keyspace::AccessClock& clock) {
    write_key_facts(writer, entry.expire_at_ms(), marks, use_of(entry, marks, clock));
    writer.type(type_of(entry));
    writer.string(entry.key());
    write_value(writer, entry);
}

void write_database(Writer& writer, keyspace::Keyspace& keyspace, int number,
                    const DatasetFacts& facts) {
    keyspace::Database& database = keyspace.database(number);
    if (database.size() == 0) return;
    write_database_number(writer, number);
    write_database_size(writer, database.size(), database.expiring());
    uint64_t position = 0;
    uint64_t keys = 0;
    do {
        position = database.table().visit_elements(position, [&](keyspace::Database::Position at) {
            write_key(writer, *at.element(), facts.use_marks, keyspace.access_clock());
            delay_key(facts.key_delay_us, ++keys);
        });
    } while (position != 0);
}

}  // namespace

void delay_key(int64_t delay_us, uint64_t keys) {
    if (delay_us == 0) return;
    if (delay_us < 0 && keys % static_cast<uint64_t>(-delay_us) != 0) return;
    std::this_thread::sleep_for(std::chrono::microseconds(delay_us < 0 ? 1 : delay_us));
}

void write_preamble(Writer& writer, const DatasetFacts& facts) {
    writer.raw(fmt::format("{}{:03}", kMagic, kVersion));
    write_facts(writer, facts);
    if (facts.libraries != nullptr) write_libraries(writer, *facts.libraries);
}

void write_database_number(Writer& writer, int number) {
    writer.opcode(Opcode::SelectDatabase);
    writer.length(static_cast<uint64_t>(number));
}

void write_database_size(Writer& writer, uint64_t keys, uint64_t expiring) {
    writer.opcode(Opcode::ResizeDatabase);
    writer.length(keys);
    writer.length(expiring);
}

void write_key_facts(Writer& writer, int64_t expire_at_ms, UseMarks marks, uint64_t use) {
    if (expire_at_ms != keyspace::kNoExpiry) {
        writer.opcode(Opcode::ExpireMilliseconds);
        writer.little_endian(static_cast<uint64_t>(expire_at_ms));
    }
    if (marks == UseMarks::Idle) {
        writer.opcode(Opcode::Idle);
        writer.length(use);
    } else if (marks == UseMarks::Frequency) {
        writer.opcode(Opcode::Frequency);
        writer.byte(static_cast<uint8_t>(use));
    }
}

uint64_t use_of(const Entry& entry, UseMarks marks, const keyspace::AccessClock& clock) {
    if (marks == UseMarks::Idle) return static_cast<uint64_t>(clock.idle_seconds(entry));
    if (marks == UseMarks::Frequency) return static_cast<uint64_t>(clock.frequency(entry));
    return 0;
}

Status write_end(Writer& writer) {
    writer.opcode(Opcode::End);
    TRY(writer.flush());
    writer.little_endian(writer.checksum());
    return writer.flush();
}

Status write_dataset(Writer& writer, keyspace::Keyspace& keyspace, const DatasetFacts& facts) {
    write_preamble(writer, facts);
    for (int db = 0; db < keyspace.database_count(); ++db) {
        write_database(writer, keyspace, db, facts);
    }
    return write_end(writer);
}

}  // namespace millrace::persistence::rdb
