// SPDX-License-Identifier: BSD-3-Clause
//
// Values that leave one key for another, or for another database: RENAME, MOVE, COPY.
//
// An entry holds its key, so it is made anew for the new place.
//
// Threads: main thread.
#pragma once

#include <string_view>

#include "base/result.h"
#include "engine/call.h"

namespace millrace::commands::support {

struct Place {
    std::string_view key;
    int db;
};

// Puts the value of `source` and its expiry into `place`, where a key that is in the way goes, and
// ends both edits as one change without an event.
void relocate(engine::Call& call, engine::KeyEdit& source, Place place);

// Puts a copy of `original` and its expiry into `place` in the same way, with the event.
void duplicate(engine::Call& call, const keyspace::Entry& original, Place place,
               std::string_view event);

// The number of a database, as an argument.
Result<int> database_argument(engine::Call& call, size_t at);

}  // namespace millrace::commands::support
