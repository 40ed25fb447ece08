// SPDX-License-Identifier: BSD-3-Clause
//
// The functions and constants that scripts find as `server` and `redis`.
//
// Threads: main thread.
#pragma once

#include "scripting/lua.h"

namespace millrace::scripting {

// Pushes the table.
void push_api(lua_State* lua);

// What the code of a library finds in its place while it is loaded: register_function(), log(), and
// constants. What it does not have is an error.
void push_loading_api(lua_State* lua);

}  // namespace millrace::scripting
