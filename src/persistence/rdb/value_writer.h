// SPDX-License-Identifier: BSD-3-Clause
//
// Values as RDB files and DUMP hold them, in the types that Valkey 9.1.2 writes.
//
// Threads: any, if nobody changes the value meanwhile.
#pragma once

#include "keyspace/entry.h"
#include "persistence/rdb/writer.h"

namespace millrace::persistence::rdb {

// The type that the value of `entry` will be written as.
Type type_of(const keyspace::Entry& entry);
Type type_of(const keyspace::Collection& collection);

// The value without its type.
void write_value(Writer& writer, const keyspace::Entry& entry);
void write_value(Writer& writer, const keyspace::Collection& collection);

}  // namespace millrace::persistence::rdb
