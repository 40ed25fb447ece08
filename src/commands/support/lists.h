// SPDX-License-Identifier: BSD-3-Clause
//
// What commands on lists share.
//
// Threads: main thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "engine/call.h"
#include "values/list.h"

namespace millrace::commands::support {

// LEFT or RIGHT.
Result<values::End> end_argument(engine::Call& call, size_t at);

inline std::string_view push_event(values::End end) {
    return end == values::End::Head ? "lpush" : "rpush";
}
inline std::string_view pop_event(values::End end) {
    return end == values::End::Head ? "lpop" : "rpop";
}

// What bounds the blocks of lists at the moment.
inline int64_t block_setting(engine::Call& call) {
    return call.keyspace().encodings().list_max_listpack_size;
}

// Answers `count` elements from one end, which must be there, and removes them.
void take(engine::Call& call, values::List& list, values::End end, uint64_t count);

// Elements [from, from + count) of a list.
struct Stretch {
    uint64_t from = 0;
    uint64_t count = 0;
};

// From index `first` to index `last`, either of which may be negative or beyond the list.
Stretch stretch_of(const values::List& list, int64_t first, int64_t last);

}  // namespace millrace::commands::support
