// SPDX-License-Identifier: BSD-3-Clause
//
// Writing the configuration file that the server was started with anew: CONFIG REWRITE.
//
// Threads: main thread.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "engine/engine.h"

namespace millrace::admin {

enum class WhatToWrite : uint8_t {
    Changes,     // What the file says already, and what differs from the defaults.
    Everything,  // Every setting.
};

// The error is the reason alone; kNoConfigFile without a file.
Status rewrite_config_file(engine::Engine& engine, WhatToWrite what);

inline constexpr ErrorText kNoConfigFile{"ERR The server is running without a config file"};

}  // namespace millrace::admin
