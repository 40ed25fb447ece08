// SPDX-License-Identifier: BSD-3-Clause
//
// Makes values of what RDB files and DUMP hold: everything that Valkey 9.1.2 can have written, and
// the forms of its ancestors. Whatever the bytes are, the result is a sound value or an error.
//
// Owner:   whoever loads.
// Threads: main thread.
#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "keyspace/collection.h"
#include "persistence/rdb/cursor.h"
#include "values/growth_rules.h"

namespace millrace::persistence::rdb {

struct Value {
    // Null: it is a string, whose text is good until the Scratch is used again.
    std::unique_ptr<keyspace::Collection> collection;
    std::string_view text;
    // A collection without elements, which only damaged or very old files hold.
    bool is_empty = false;
};

struct ReadRules {
    values::GrowthRules growth;
    // Fields of hashes whose time is over at that moment are left out; kNoExpiry: none.
    int64_t drop_fields_due_at_ms = keyspace::kNoExpiry;
};

// Whether that number is the type of a value; `is_old_magic`: in a file of Redis.
bool is_value_type(uint8_t type, bool is_old_magic = false);

// Reads a value of `type` behind its type byte. The error says what was wrong, for the log.
Result<Value> read_value(Cursor& cursor, uint8_t type, const ReadRules& rules, Scratch& scratch);

}  // namespace millrace::persistence::rdb
