// SPDX-License-Identifier: BSD-3-Clause
//
// Settings of Lua scripts and functions. Each field has the name of its directive.
//
// Owner:   Server.
// Threads: main thread.
#pragma once

#include "config/registry.h"

namespace millrace::scripting {

struct Settings {
    // Scripts see `newproxy` and friends, and can change the metatables of basic types.
    bool lua_enable_insecure_api = false;
};

void register_settings(config::Registry& registry, Settings& settings);

}  // namespace millrace::scripting
