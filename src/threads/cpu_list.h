// SPDX-License-Identifier: BSD-3-Clause
//
// The settings that say on which cores a kind of thread runs: "0-3,8" or "0:2" or "1-7:2", numbers
// and ranges with an optional step.
//
// Threads: any.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace millrace::threads {

// The cores that `list` names; nothing if it is not a list.
std::optional<std::vector<int>> parse_cpu_list(std::string_view list);

// Keeps the calling thread on these cores; false if that cannot be.
bool stay_on(std::string_view list);

}  // namespace millrace::threads
