// SPDX-License-Identifier: BSD-3-Clause
//
// Settings by name, for those who show values of other modules and have no business with their
// structs.
//
// Threads: main thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/engine.h"

namespace millrace::admin {

// As CONFIG GET shows it; `otherwise` when there is no such setting.
std::string setting_text(engine::Engine& engine, std::string_view name, std::string_view otherwise);
int64_t setting_integer(engine::Engine& engine, std::string_view name, int64_t otherwise);
bool setting_is_on(engine::Engine& engine, std::string_view name);

}  // namespace millrace::admin
