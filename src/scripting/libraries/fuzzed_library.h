// SPDX-License-Identifier: BSD-3-Clause
//
// For the fuzz targets of this folder: a Lua state with one library, and calls of its functions.
//
// Owner: the target, one an input.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "scripting/lua.h"

namespace millrace::scripting::libraries {

class FuzzedLibrary {
public:
    explicit FuzzedLibrary(void (*push)(lua_State*)) : lua_(lua_newstate(allocate, &bytes_)) {
        CHECK(lua_ != nullptr);
        push(lua_);
        lua_setglobal(lua_, "library");
    }
    ~FuzzedLibrary() { lua_close(lua_); }
    FuzzedLibrary(const FuzzedLibrary&) = delete;
    FuzzedLibrary& operator=(const FuzzedLibrary&) = delete;

    lua_State* state() { return lua_; }

    // Calls a function with the values that are on the stack, and leaves its results there. False,
    // and an empty stack: it raised an error.
    bool call(const char* function) {
        const int arguments = lua_gettop(lua_);
        lua_getglobal(lua_, "library");
        lua_getfield(lua_, -1, function);
        lua_remove(lua_, -2);
        lua_insert(lua_, 1);
        if (lua_pcall(lua_, arguments, LUA_MULTRET, 0) == 0) return true;
        lua_settop(lua_, 0);
        return false;
    }
    bool call(const char* function, std::string_view text) {
        lua_settop(lua_, 0);
        push_view(lua_, text);
        return call(function);
    }
    // The only result, as text.
    std::string text() const {
        CHECK(lua_gettop(lua_) == 1);
        return std::string(to_view(lua_, 1));
    }

private:
    // No input makes gigabytes.
    static void* allocate(void* context, void* block, size_t old_bytes, size_t bytes) {
        constexpr uint64_t kBytesMax = uint64_t{256} << 20;
        uint64_t& held = *static_cast<uint64_t*>(context);
        if (block == nullptr) old_bytes = 0;
        if (bytes > old_bytes && held + bytes - old_bytes > kBytesMax) return nullptr;
        held = held - old_bytes + bytes;
        if (bytes != 0) return std::realloc(block, bytes);
        std::free(block);
        return nullptr;
    }

    uint64_t bytes_ = 0;
    lua_State* lua_;
};

}  // namespace millrace::scripting::libraries
