// SPDX-License-Identifier: BSD-3-Clause
//
// What scripts see of Lua: an allow-list of globals, library tables that cannot be changed, text
// chunks only.
//
// A protected table is an empty stand-in, whose metatable reads from the real one and refuses to be
// written to. The functions that would change a table behind the back of its metatable ask first.
//
// Owner:   the interpreter.
// Threads: main thread.
#pragma once

#include <cstdint>

#include "scripting/lua.h"

namespace millrace::scripting {

// The numbers of math.random(): those of POSIX' lrand48(), so that scripts that set a seed get what
// they get from Valkey.
class RandomNumbers {
public:
    // At least 0, less than 1.
    double next();
    void seed(int32_t seed);

private:
    // Compat: where lrand48() begins without a seed.
    uint64_t state_ = 0x1234abcd330e;
};

// Opens the libraries and replaces what is dangerous. Further libraries are then set as fields of
// the globals; close_sandbox() makes everything read-only.
void open_sandbox(lua_State* lua, RandomNumbers& random, bool insecure);
void close_sandbox(lua_State* lua);

// Code of a library sees the globals of another table while it is loaded, and nothing else: the
// table on the top of the stack, which is popped.
void set_loading_globals(lua_State* lua);
void show_loading_globals(lua_State* lua, bool loading);

// Makes reading what the table on the top does not have an error.
void refuse_missing(lua_State* lua);

// Sets a global that scripts see from the value on the top of the stack.
void set_script_global(lua_State* lua, const char* name);

// Replaces the table on the top of the stack by a protected one.
void protect(lua_State* lua);

}  // namespace millrace::scripting
