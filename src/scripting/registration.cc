// SPDX-License-Identifier: BSD-3-Clause
#include "scripting/registration.h"

#include <algorithm>

#include "base/bytes.h"
#include "scripting/interpreter.h"
#include "scripting/values.h"

namespace millrace::scripting {
namespace {

constexpr const char* kWrongArguments = "wrong number of arguments to server.register_function";

int raise(lua_State* lua, const char* text) {
    push_error_table(lua, std::string("ERR ") + text);
    return lua_error(lua);
}

// The list of flags on the top of the stack; what is wrong with it, or null.
const char* read_flags(lua_State* lua, uint32_t& flags) {
    for (int at = 1;; ++at) {
        lua_rawgeti(lua, -1, at);
        if (lua_isnil(lua, -1)) break;
        const std::string_view word = lua_isstring(lua, -1) != 0 ? to_view(lua, -1) : "";
        const auto* found =
            std::ranges::find(kFlagNames, word, [](const FlagName& f) { return f.name; });
        if (found == std::end(kFlagNames)) {
            lua_pop(lua, 1);
            return "unknown flag given";
        }
        flags |= found->flag;
        lua_pop(lua, 1);
    }
    lua_pop(lua, 1);
    return nullptr;
}

// One named argument, whose name is below its value on the stack.
const char* read_argument(lua_State* lua, Function& function) {
    // Compat: numbers are as good as strings; no argument has the name of one.
    if (lua_type(lua, -2) == LUA_TNUMBER) {
        return "unknown argument given to server.register_function";
    }
    if (lua_type(lua, -2) != LUA_TSTRING) {
        return "named argument key given to server.register_function is not a string";
    }
    const std::string_view key = to_view(lua, -2);
    if (key == "function_name") {
        if (lua_isstring(lua, -1) == 0)
            return "function_name argument given to server.register_function must be a string";
        function.name = to_view(lua, -1);
    } else if (key == "description") {
        if (lua_isstring(lua, -1) == 0)
            return "description argument given to server.register_function must be a string";
        function.description = to_view(lua, -1);
        function.has_description = true;
    } else if (key == "callback") {
        if (!lua_isfunction(lua, -1))
            return "callback argument given to server.register_function must be a function";
        lua_pushvalue(lua, -1);
        function.reference = luaL_ref(lua, LUA_REGISTRYINDEX);
    } else if (key == "flags") {
        if (!lua_istable(lua, -1)) {
            return "flags argument to server.register_function must be a table representing "
                   "function flags";
        }
        return read_flags(lua, function.flags);
    } else {
        return "unknown argument given to server.register_function";
    }
    return nullptr;
}

const char* read_named(lua_State* lua, Function& function) {
    if (!lua_istable(lua, 1)) {
        return "calling server.register_function with a single argument is only applicable to Lua "
               "table (representing named arguments).";
    }
    lua_pushnil(lua);
    while (lua_next(lua, 1) != 0) {
        if (const char* fault = read_argument(lua, function)) return fault;
        lua_pop(lua, 1);
    }
    if (function.name.empty()) {
        return "server.register_function must get a function name argument";
    }
    if (function.reference == 0) return "server.register_function must get a callback argument";
    return nullptr;
}

const char* read_positional(lua_State* lua, Function& function) {
    if (lua_isstring(lua, 1) == 0) {
        return "first argument to server.register_function must be a string";
    }
    if (!lua_isfunction(lua, 2)) {
        return "second argument to server.register_function must be a function";
    }
    function.name = to_view(lua, 1);
    lua_pushvalue(lua, 2);
    function.reference = luaL_ref(lua, LUA_REGISTRYINDEX);
    return nullptr;
}

}  // namespace

bool is_good_name(std::string_view name) {
    return !name.empty() && std::ranges::all_of(name, [](char byte) {
        return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
               (byte >= '0' && byte <= '9') || byte == '_';
    });
}

int register_function(lua_State* lua) {
    auto* library = static_cast<LoadingLibrary*>(Interpreter::of(lua).loading);
    if (library == nullptr) {
        return raise(lua, "server.register_function can only be called on FUNCTION LOAD command");
    }
    const int count = lua_gettop(lua);
    if (count < 1 || count > 2) return raise(lua, kWrongArguments);
    Function function;
    const char* fault = count == 1 ? read_named(lua, function) : read_positional(lua, function);
    if (fault != nullptr) {
        if (function.reference != 0) luaL_unref(lua, LUA_REGISTRYINDEX, function.reference);
        return raise(lua, fault);
    }
    library->functions.push_back(std::move(function));
    return 0;
}

}  // namespace millrace::scripting
