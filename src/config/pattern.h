// SPDX-License-Identifier: BSD-3-Clause
//
// The glob patterns of CONFIG GET: *, ?, [a-c], [^a] and backslash, without regard to case.
//
// Threads: any.
#pragma once

#include <string_view>

namespace millrace::config {

bool name_matches(std::string_view pattern, std::string_view name);

}  // namespace millrace::config
