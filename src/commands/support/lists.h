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

// How lists are kept at the moment.
inline values::ListSettings list_settings(engine::Call& call) {
    const keyspace::EncodingSettings& encodings = call.keyspace().encodings();
    return {encodings.list_max_listpack_size, encodings.list_compress_depth};
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
