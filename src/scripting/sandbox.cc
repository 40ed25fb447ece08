// SPDX-License-Identifier: BSD-3-Clause
#include "scripting/sandbox.h"

#include <climits>
#include <cmath>
#include <string>

#include "base/assert.h"

namespace millrace::scripting {
namespace {

// Keys of the Lua registry: stand-in to real table, and the real table of globals.
constexpr char kStandIns[] = "millrace.stand_ins";
constexpr char kGlobals[] = "millrace.globals";
// What stands in their place while a library is loaded.
constexpr char kLoadingGlobals[] = "millrace.loading_globals";

constexpr const char* kReadOnly = "Attempt to modify a readonly table";

// Pushes the real table behind the stand-in at `index`; false, and nothing, for anything else.
bool push_real(lua_State* lua, int index) {
    if (!lua_istable(lua, index)) return false;
    if (index < 0) index = lua_gettop(lua) + index + 1;
    lua_getfield(lua, LUA_REGISTRYINDEX, kStandIns);
    lua_pushvalue(lua, index);
    lua_rawget(lua, -2);
    lua_remove(lua, -2);
    if (lua_istable(lua, -1)) return true;
    lua_pop(lua, 1);
    return false;
}

int refuse_write(lua_State* lua) {
    return luaL_error(lua, kReadOnly);
}

int missing_global(lua_State* lua) {
    const char* name = lua_type(lua, 2) == LUA_TSTRING ? lua_tostring(lua, 2) : "?";
    return luaL_error(lua, "Script attempted to access nonexistent global variable '%s'", name);
}

// Calls the function in the first upvalue, unless the first argument is protected.
int guarded(lua_State* lua) {
    if (push_real(lua, 1)) {
        lua_pushstring(lua, kReadOnly);  // Compat: without the place.
        return lua_error(lua);
    }
    lua_pushvalue(lua, lua_upvalueindex(1));
    lua_insert(lua, 1);
    lua_call(lua, lua_gettop(lua) - 1, LUA_MULTRET);
    return lua_gettop(lua);
}

int guarded_rawget(lua_State* lua) {
    luaL_checktype(lua, 1, LUA_TTABLE);
    luaL_checkany(lua, 2);
    if (push_real(lua, 1)) lua_replace(lua, 1);
    lua_settop(lua, 2);
    lua_rawget(lua, 1);
    return 1;
}

int own_next(lua_State* lua) {
    luaL_checktype(lua, 1, LUA_TTABLE);
    lua_settop(lua, 2);
    if (push_real(lua, 1)) lua_replace(lua, 1);
    if (lua_next(lua, 1) != 0) return 2;
    lua_pushnil(lua);
    return 1;
}

int own_pairs(lua_State* lua) {
    luaL_checktype(lua, 1, LUA_TTABLE);
    lua_pushvalue(lua, lua_upvalueindex(1));
    lua_pushvalue(lua, 1);
    lua_pushnil(lua);
    return 3;
}

// Metatables of libraries are nobody's business, that of strings is shown, but not to be changed.
int own_getmetatable(lua_State* lua) {
    luaL_checkany(lua, 1);
    if (lua_type(lua, 1) == LUA_TSTRING) {
        lua_pushvalue(lua, lua_upvalueindex(1));
        return 1;
    }
    if (push_real(lua, 1)) {
        lua_getfield(lua, LUA_REGISTRYINDEX, kGlobals);
        const bool is_globals = lua_rawequal(lua, -1, -2) != 0;
        if (is_globals) {
            lua_pushvalue(lua, lua_upvalueindex(2));
        } else {
            lua_pushnil(lua);
        }
        return 1;
    }
    if (lua_getmetatable(lua, 1) == 0) {
        lua_pushnil(lua);
        return 1;
    }
    luaL_getmetafield(lua, 1, "__metatable");
    return 1;
}

// Compat: an error table arrives as its text.
int own_pcall(lua_State* lua) {
    luaL_checkany(lua, 1);
    const int status = lua_pcall(lua, lua_gettop(lua) - 1, LUA_MULTRET, 0);
    lua_pushboolean(lua, status == 0);
    lua_insert(lua, 1);
    if (status != 0 && lua_istable(lua, -1)) {
        lua_pushliteral(lua, "err");
        lua_rawget(lua, -2);
        if (lua_isstring(lua, -1)) {
            lua_replace(lua, -2);
        } else {
            lua_pop(lua, 1);
        }
    }
    return lua_gettop(lua);
}

int own_unpack(lua_State* lua) {
    luaL_checktype(lua, 1, LUA_TTABLE);
    const auto first = static_cast<int64_t>(luaL_optint(lua, 2, 1));
    const auto last = lua_isnoneornil(lua, 3) ? static_cast<int64_t>(lua_objlen(lua, 1))
                                              : static_cast<int64_t>(luaL_checkint(lua, 3));
    if (first > last) return 0;
    const int64_t count = last - first + 1;
    if (count >= INT_MAX || lua_checkstack(lua, static_cast<int>(count)) == 0) {
        return luaL_error(lua, "too many results to unpack");
    }
    for (int64_t at = first; at <= last; ++at) lua_rawgeti(lua, 1, static_cast<int>(at));
    return static_cast<int>(count);
}

// Text only; and nothing is collected while the parser holds what nobody else does.
int load_text(lua_State* lua, std::string_view text, const char* name) {
    constexpr size_t kTextBytesMax = size_t{1} << 30;
    if (text.size() > kTextBytesMax || text.starts_with(LUA_SIGNATURE[0])) {
        lua_pushnil(lua);
        lua_pushliteral(lua, "only text of a reasonable size can be loaded");
        return 2;
    }
    lua_gc(lua, LUA_GCSTOP, 0);
    const int status = luaL_loadbuffer(lua, text.data(), text.size(), name);
    lua_gc(lua, LUA_GCRESTART, 0);
    if (status == 0) return 1;
    lua_pushnil(lua);
    lua_insert(lua, -2);
    return 2;
}

int own_loadstring(lua_State* lua) {
    size_t size = 0;
    const char* text = luaL_checklstring(lua, 1, &size);
    return load_text(lua, {text, size}, luaL_optstring(lua, 2, text));
}

int own_load(lua_State* lua) {
    luaL_checktype(lua, 1, LUA_TFUNCTION);
    const char* name = luaL_optstring(lua, 2, "=(load)");
    std::string text;
    for (;;) {
        lua_pushvalue(lua, 1);
        lua_call(lua, 0, 1);
        if (lua_isnil(lua, -1)) break;
        if (lua_isstring(lua, -1) == 0) {
            return luaL_error(lua, "reader function must return a string");
        }
        const std::string_view piece = to_view(lua, -1);
        if (piece.empty()) break;
        text += piece;
        lua_pop(lua, 1);
    }
    return load_text(lua, text, name);
}

RandomNumbers& random_numbers(lua_State* lua) {
    return *static_cast<RandomNumbers*>(lua_touserdata(lua, lua_upvalueindex(1)));
}

int own_random(lua_State* lua) {
    const double random = random_numbers(lua).next();
    switch (lua_gettop(lua)) {
        case 0:
            lua_pushnumber(lua, random);
            return 1;
        case 1: {
            const int high = luaL_checkint(lua, 1);
            luaL_argcheck(lua, 1 <= high, 1, "interval is empty");
            lua_pushnumber(lua, std::floor(random * high) + 1);
            return 1;
        }
        case 2: {
            const int low = luaL_checkint(lua, 1);
            const int high = luaL_checkint(lua, 2);
            luaL_argcheck(lua, low <= high, 2, "interval is empty");
            const double width = static_cast<double>(high) - low + 1;
            lua_pushnumber(lua, std::floor(random * width) + low);
            return 1;
        }
        default:
            return luaL_error(lua, "wrong number of arguments");
    }
}

int own_randomseed(lua_State* lua) {
    random_numbers(lua).seed(luaL_checkint(lua, 1));
    return 0;
}

void open_library(lua_State* lua, lua_CFunction open, const char* name) {
    lua_pushcfunction(lua, open);
    lua_pushstring(lua, name);
    lua_call(lua, 1, 0);
}

void remove_global(lua_State* lua, const char* name) {
    lua_pushnil(lua);
    lua_setglobal(lua, name);
}

void set_function(lua_State* lua, const char* name, lua_CFunction function) {
    lua_pushcfunction(lua, function);
    lua_setglobal(lua, name);
}

// Wraps `table.name`, or the global `name`, so that it leaves protected tables alone.
void guard(lua_State* lua, const char* table, const char* name) {
    if (table == nullptr) {
        lua_getglobal(lua, name);
        lua_pushcclosure(lua, guarded, 1);
        lua_setglobal(lua, name);
        return;
    }
    lua_getglobal(lua, table);
    lua_getfield(lua, -1, name);
    lua_pushcclosure(lua, guarded, 1);
    lua_setfield(lua, -2, name);
    lua_pop(lua, 1);
}

void replace_functions(lua_State* lua) {
    set_function(lua, "pcall", own_pcall);
    set_function(lua, "unpack", own_unpack);
    set_function(lua, "loadstring", own_loadstring);
    set_function(lua, "load", own_load);
    set_function(lua, "rawget", guarded_rawget);
    set_function(lua, "next", own_next);
    lua_getglobal(lua, "next");
    lua_pushcclosure(lua, own_pairs, 1);
    lua_setglobal(lua, "pairs");
    guard(lua, nullptr, "rawset");
    guard(lua, nullptr, "setmetatable");
    for (const char* name : {"insert", "remove", "sort", "setn"}) guard(lua, "table", name);
}

void keep_only_clock(lua_State* lua) {
    lua_getglobal(lua, "os");
    lua_getfield(lua, -1, "clock");
    lua_newtable(lua);
    lua_insert(lua, -2);
    lua_setfield(lua, -2, "clock");
    lua_setglobal(lua, "os");
    lua_pop(lua, 1);
}

}  // namespace

double RandomNumbers::next() {
    constexpr uint64_t kFactor = 0x5deece66d;
    constexpr uint64_t kSummand = 0xb;
    constexpr uint64_t kMask = (uint64_t{1} << 48) - 1;
    state_ = (state_ * kFactor + kSummand) & kMask;
    return static_cast<double>((state_ >> 17) % INT32_MAX) / INT32_MAX;
}

void RandomNumbers::seed(int32_t seed) {
    constexpr uint64_t kLowBits = 0x330e;
    state_ = uint64_t{static_cast<uint32_t>(seed)} << 16 | kLowBits;
}

void protect(lua_State* lua) {
    lua_newtable(lua);  // real, stand-in
    lua_newtable(lua);
    lua_pushvalue(lua, -3);
    lua_setfield(lua, -2, "__index");
    lua_pushcfunction(lua, refuse_write);
    lua_setfield(lua, -2, "__newindex");
    lua_setmetatable(lua, -2);
    lua_getfield(lua, LUA_REGISTRYINDEX, kStandIns);
    lua_pushvalue(lua, -2);
    lua_pushvalue(lua, -4);
    lua_rawset(lua, -3);
    lua_pop(lua, 1);
    lua_remove(lua, -2);
}

void open_sandbox(lua_State* lua, RandomNumbers& random, bool insecure) {
    lua_newtable(lua);
    lua_setfield(lua, LUA_REGISTRYINDEX, kStandIns);
    open_library(lua, luaopen_base, "");
    open_library(lua, luaopen_table, LUA_TABLIBNAME);
    open_library(lua, luaopen_string, LUA_STRLIBNAME);
    open_library(lua, luaopen_math, LUA_MATHLIBNAME);
    open_library(lua, luaopen_os, LUA_OSLIBNAME);
    for (const char* name : {"print", "dofile", "loadfile"}) remove_global(lua, name);
    if (!insecure) {
        for (const char* name : {"getfenv", "setfenv", "newproxy"}) remove_global(lua, name);
    }
    keep_only_clock(lua);
    replace_functions(lua);
    lua_getglobal(lua, "math");
    lua_pushlightuserdata(lua, &random);
    lua_pushcclosure(lua, own_random, 1);
    lua_setfield(lua, -2, "random");
    lua_pushlightuserdata(lua, &random);
    lua_pushcclosure(lua, own_randomseed, 1);
    lua_setfield(lua, -2, "randomseed");
    lua_pop(lua, 1);
}

void close_sandbox(lua_State* lua) {
    lua_pushvalue(lua, LUA_GLOBALSINDEX);
    lua_setfield(lua, LUA_REGISTRYINDEX, kGlobals);
    lua_pushvalue(lua, LUA_GLOBALSINDEX);  // Stays at the bottom as the real globals.

    // All libraries become stand-ins.
    lua_newtable(lua);
    lua_pushnil(lua);
    while (lua_next(lua, -3) != 0) {
        const bool is_library = lua_istable(lua, -1) && !lua_rawequal(lua, -1, 1);
        if (is_library) {
            protect(lua);
            lua_pushvalue(lua, -2);
            lua_insert(lua, -2);
            lua_rawset(lua, -4);
        } else {
            lua_pop(lua, 1);
        }
    }
    lua_pushnil(lua);
    while (lua_next(lua, -2) != 0) {
        lua_pushvalue(lua, -2);
        lua_insert(lua, -2);
        lua_rawset(lua, -5);
    }
    lua_pop(lua, 1);

    // getmetatable() shows what it shows of strings and of the globals.
    lua_newtable(lua);
    lua_getfield(lua, -2, "string");
    lua_setfield(lua, -2, "__index");
    protect(lua);
    lua_newtable(lua);
    protect(lua);
    lua_pushcclosure(lua, own_getmetatable, 2);
    lua_setfield(lua, -2, "getmetatable");

    refuse_missing(lua);

    // Chunks run with a stand-in of the globals.
    protect(lua);
    lua_pushvalue(lua, -1);
    set_script_global(lua, "_G");
    lua_replace(lua, LUA_GLOBALSINDEX);
}

void refuse_missing(lua_State* lua) {
    lua_newtable(lua);
    lua_pushcfunction(lua, missing_global);
    lua_setfield(lua, -2, "__index");
    lua_setmetatable(lua, -2);
}

void set_loading_globals(lua_State* lua) {
    lua_setfield(lua, LUA_REGISTRYINDEX, kLoadingGlobals);
}

void show_loading_globals(lua_State* lua, bool loading) {
    lua_pushvalue(lua, LUA_GLOBALSINDEX);
    CHECK(lua_getmetatable(lua, -1) != 0);
    lua_getfield(lua, LUA_REGISTRYINDEX, loading ? kLoadingGlobals : kGlobals);
    lua_setfield(lua, -2, "__index");
    lua_pop(lua, 2);
}

void set_script_global(lua_State* lua, const char* name) {
    lua_getfield(lua, LUA_REGISTRYINDEX, kGlobals);
    lua_insert(lua, -2);
    lua_pushstring(lua, name);
    lua_insert(lua, -2);
    lua_rawset(lua, -3);
    lua_pop(lua, 1);
}

}  // namespace millrace::scripting
