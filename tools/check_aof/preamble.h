// SPDX-License-Identifier: BSD-3-Clause
//
// The RDB file at the beginning of an AOF: reads all of it without keeping anything.
//
// Threads: any.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.h"

namespace millrace::check_aof {

// How long it is; the error says what is wrong with it.
Result<size_t> preamble_bytes(std::string_view bytes);

}  // namespace millrace::check_aof
