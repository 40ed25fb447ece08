// SPDX-License-Identifier: BSD-3-Clause
//
// Lua 5.1, in the build whose errors are C++ exceptions, so that our frames between a script and
// its error are unwound. Only this header includes it; nothing of ours throws or catches.
//
// Threads: main thread.
#pragma once

#include <lua5.1/lua.hpp>
#include <string_view>

namespace millrace::scripting {

inline std::string_view to_view(lua_State* lua, int index) {
    size_t size = 0;
    const char* text = lua_tolstring(lua, index, &size);
    return {text == nullptr ? "" : text, size};
}

inline void push_view(lua_State* lua, std::string_view text) {
    lua_pushlstring(lua, text.data(), text.size());
}

}  // namespace millrace::scripting
