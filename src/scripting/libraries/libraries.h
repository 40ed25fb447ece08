// SPDX-License-Identifier: BSD-3-Clause
//
// The libraries that scripts find beside Lua's own. Each function pushes one table.
//
// Threads: main thread.
#pragma once

#include "scripting/lua.h"

namespace millrace::scripting::libraries {

void push_bit(lua_State* lua);
void push_struct(lua_State* lua);
void push_cjson(lua_State* lua);
void push_cmsgpack(lua_State* lua);

}  // namespace millrace::scripting::libraries
