// SPDX-License-Identifier: BSD-3-Clause
//
// Streams of all three versions, as part of read_value().
//
// Threads: main thread.
#pragma once

#include <memory>

#include "keyspace/collection.h"
#include "persistence/rdb/cursor.h"

namespace millrace::persistence::rdb {

// Null when the cursor has failed.
std::unique_ptr<keyspace::Collection> read_stream(Cursor& in, Type type, Scratch& scratch);

}  // namespace millrace::persistence::rdb
