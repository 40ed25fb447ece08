// SPDX-License-Identifier: BSD-3-Clause
//
// All libraries as bytes: what FUNCTION DUMP hands out and FUNCTION RESTORE takes.
//
// Threads: main thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "persistence/rdb/payload.h"
#include "scripting/script_engine.h"

namespace millrace::scripting {

std::string dump_libraries(const ScriptEngine& scripts, bool compress);

enum class RestorePolicy : uint8_t {
    Append,   // A library that is there already is an error.
    Replace,  // It goes.
    Flush,    // All that are there go.
};

// All libraries of the payload, or none of them.
Status restore_libraries(engine::Engine& engine, std::string_view payload, RestorePolicy policy,
                         const persistence::rdb::PayloadRules& rules);

}  // namespace millrace::scripting
