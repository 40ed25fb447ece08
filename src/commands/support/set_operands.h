// SPDX-License-Identifier: BSD-3-Clause
//
// The sets that a command on several of them works with, and where its result goes.
//
// Threads: main thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/call.h"
#include "values/set.h"

namespace millrace::commands::support {

// The sets of `count` keys from argument `first` on; null where there is no key.
Result<std::vector<const values::Set*>> operands(engine::Call& call, size_t first, size_t count);

// Puts the result under the key at argument 1 and answers its size; if there is nothing in it (or
// it is null), the key goes.
Status store_result(engine::Call& call, std::unique_ptr<values::Set> result,
                    std::string_view event);

}  // namespace millrace::commands::support
