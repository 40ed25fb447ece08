// SPDX-License-Identifier: BSD-3-Clause
//
// Values as RDB files and DUMP hold them, in the types that Valkey 9.1.2 writes.
//
// Threads: main thread.
#pragma once

#include "keyspace/entry.h"
#include "persistence/rdb/writer.h"

namespace millrace::persistence::rdb {

// The type that the value of `entry` will be written as.
Type type_of(const keyspace::Entry& entry);

// The value without its type.
void write_value(Writer& writer, const keyspace::Entry& entry);

}  // namespace millrace::persistence::rdb
