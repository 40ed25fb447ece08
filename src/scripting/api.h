// SPDX-License-Identifier: BSD-3-Clause
//
// The functions and constants that scripts find as `server` and `redis`.
//
// Threads: main thread.
#pragma once

#include "scripting/lua.h"

namespace millrace::scripting {

// Pushes the table. In libraries of functions it has register_function() too.
void push_api(lua_State* lua, bool for_functions);

}  // namespace millrace::scripting
