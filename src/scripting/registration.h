// SPDX-License-Identifier: BSD-3-Clause
//
// What a library of functions registers while it is loaded.
//
// Threads: main thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "scripting/lua.h"

namespace millrace::scripting {

// What a script may do and need, from its first line or from its registration.
enum ScriptFlag : uint32_t {
    kNoWrites = 1u << 0,
    kAllowOom = 1u << 1,
    kAllowStale = 1u << 2,
    kNoCluster = 1u << 3,
    kAllowCrossSlot = 1u << 4,
    // Written without flags, before there were any.
    kUnflagged = 1u << 5,
};

struct FlagName {
    const char* name;
    ScriptFlag flag;
};
// In the order in which FUNCTION LIST shows them.
inline constexpr FlagName kFlagNames[] = {
    {"no-writes", kNoWrites},
    {"allow-oom", kAllowOom},
    {"allow-stale", kAllowStale},
    {"no-cluster", kNoCluster},
    {"allow-cross-slot-keys", kAllowCrossSlot},
};

struct Function {
    std::string name;
    std::string description;
    bool has_description = false;
    uint32_t flags = 0;
    int reference = 0;  // Of the callback.
};

struct LoadingLibrary {
    std::vector<Function> functions;
};

// server.register_function(name, callback), or with a table of named arguments.
int register_function(lua_State* lua);

// Letters, digits and underscores only.
bool is_good_name(std::string_view name);

}  // namespace millrace::scripting
