// SPDX-License-Identifier: BSD-3-Clause
//
// NUMKEYS KEY... LEFT|RIGHT [COUNT count], and the same with MIN and MAX: what LMPOP and ZMPOP and
// those that wait read alike.
//
// Threads: main thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "engine/call.h"

namespace millrace::commands::support {

struct ManyPop {
    size_t keys_from;  // The keys are arguments [keys_from, keys_end).
    size_t keys_end;
    bool from_first = true;  // The first of the two words was given.
    uint64_t count = 1;
};

// Arguments from "numkeys" on.
Result<ManyPop> parse_many_pop(const engine::Call& call, size_t from, std::string_view first_word,
                               std::string_view last_word);

}  // namespace millrace::commands::support
