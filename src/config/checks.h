// SPDX-License-Identifier: BSD-3-Clause
//
// Checks of text settings that more than one module needs.
//
// Threads: any.
#pragma once

#include <string>
#include <string_view>

#include "config/kinds.h"

namespace millrace::config {

// "NAME can't be empty"
Validate<std::string> not_empty(std::string_view name);

// As not_empty, and "NAME can't be a path, just a KIND"; `kind` is "filename" or "dirname".
Validate<std::string> not_a_path(std::string_view name, std::string_view kind);

}  // namespace millrace::config
