// SPDX-License-Identifier: BSD-3-Clause
#include "scripting/interpreter.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/log.h"
#include "base/memory.h"
#include "engine/error_prefix.h"
#include "scripting/api.h"
#include "scripting/libraries/libraries.h"
#include "scripting/values.h"

namespace millrace::scripting {
namespace {

constexpr int kInstructionsBetweenLooks = 100000;
constexpr uint32_t kRunsBetweenCollections = 50;

// Makes a table with text and place of whatever was raised.
int describe_error(lua_State* lua) {
    if (!lua_istable(lua, 1)) {
        lua_newtable(lua);
        std::string text = "ERR ";
        if (lua_isstring(lua, 1) != 0) {
            text += to_view(lua, 1);
        } else if (lua_isboolean(lua, 1)) {
            text += lua_toboolean(lua, 1) != 0 ? "true" : "false";
        } else {
            text += luaL_typename(lua, 1);
        }
        push_view(lua, text);
        lua_setfield(lua, -2, "err");
        lua_replace(lua, 1);
    }
    lua_settop(lua, 1);
    lua_Debug debug;
    int level = 1;
    if (lua_getstack(lua, level, &debug) == 0) return 1;
    lua_getinfo(lua, "nSl", &debug);
    if (std::strcmp(debug.what, "C") == 0 && lua_getstack(lua, level + 1, &debug) != 0) {
        lua_getinfo(lua, "nSl", &debug);
    }
    lua_pushliteral(lua, "source");
    lua_pushstring(lua, debug.source);
    lua_rawset(lua, 1);
    lua_pushliteral(lua, "line");
    lua_pushinteger(lua, debug.currentline);
    lua_rawset(lua, 1);
    return 1;
}

// The raw field of the table on the top as text, or empty.
std::string field(lua_State* lua, const char* name) {
    if (!lua_istable(lua, -1)) return {};  // Lua itself ran out of something.
    lua_pushstring(lua, name);
    lua_rawget(lua, -2);
    std::string text;
    if (lua_isstring(lua, -1) != 0) text = to_view(lua, -1);
    lua_pop(lua, 1);
    return text;
}

void push_list(lua_State* lua, std::span<const std::string_view> words) {
    lua_createtable(lua, static_cast<int>(words.size()), 0);
    for (size_t at = 0; at < words.size(); ++at) {
        push_view(lua, words[at]);
        lua_rawseti(lua, -2, static_cast<int>(at) + 1);
    }
}

void prepare_loading(lua_State* lua) {
    lua_newtable(lua);
    push_loading_api(lua);
    protect(lua);
    lua_pushvalue(lua, -1);
    lua_setfield(lua, -3, "server");
    lua_setfield(lua, -2, "redis");
    refuse_missing(lua);
    set_loading_globals(lua);
}

void add_library(lua_State* lua, void (*push)(lua_State*), const char* name) {
    push(lua);
    lua_setglobal(lua, name);
}

}  // namespace

Interpreter::Interpreter(engine::Engine& engine, RandomNumbers& random, bool insecure,
                         bool for_functions)
    : engine_(engine), insecure_(insecure), for_functions_(for_functions) {
    lua_ = lua_newstate(allocate_for_lua, this);
    open_sandbox(lua_, random, insecure);
    add_library(lua_, libraries::push_bit, "bit");
    add_library(lua_, libraries::push_struct, "struct");
    add_library(lua_, libraries::push_cjson, "cjson");
    add_library(lua_, libraries::push_cmsgpack, "cmsgpack");
    push_api(lua_);
    lua_pushvalue(lua_, -1);
    lua_setglobal(lua_, "server");
    lua_setglobal(lua_, "redis");
    close_sandbox(lua_);
    if (for_functions) prepare_loading(lua_);
    lua_settop(lua_, 0);
}

Interpreter::~Interpreter() {
    lua_gc(lua_, LUA_GCRESTART, 0);
    lua_close(lua_);
}

Interpreter& Interpreter::of(lua_State* lua) {
    void* context = nullptr;
    lua_getallocf(lua, &context);
    return *static_cast<Interpreter*>(context);
}

void* Interpreter::allocate_for_lua(void* context, void* block, size_t old_bytes, size_t bytes) {
    uint64_t& total = static_cast<Interpreter*>(context)->bytes_;
    if (bytes == 0) {
        total -= old_bytes;
        deallocate(block);
        return nullptr;
    }
    total += bytes - old_bytes;
    if (block != nullptr) {
        const size_t room = usable_bytes(block);
        if (bytes <= room && bytes >= room / 2) return block;
    }
    void* fresh = allocate(bytes);
    if (block != nullptr) {
        std::memcpy(fresh, block, std::min(old_bytes, bytes));
        deallocate(block);
    }
    return fresh;
}

Result<int> Interpreter::compile(std::string_view text, const char* name) {
    if (text.starts_with(LUA_SIGNATURE[0])) {
        // Compat: bytecode is text to the parser, which stumbles over its first character.
        return Error(fmt::format("{}:1: unexpected symbol near 'char(27)'", name + 1));
    }
    // The parser holds what nothing else refers to.
    lua_gc(lua_, LUA_GCSTOP, 0);
    const int status = luaL_loadbuffer(lua_, text.data(), text.size(), name);
    lua_gc(lua_, LUA_GCRESTART, 0);
    if (status != 0) {
        Error error{std::string(to_view(lua_, -1))};
        lua_pop(lua_, 1);
        return error;
    }
    return luaL_ref(lua_, LUA_REGISTRYINDEX);
}

void Interpreter::on_count(lua_State* lua, lua_Debug*) {
    Interpreter::of(lua).check_time(lua);
}

void Interpreter::check_time(lua_State* lua) {
    const int64_t now_ns = engine_.time().monotonic_nanoseconds();
    if (run_ == nullptr) {
        if (now_ns > unattended_until_ns_) luaL_error(lua, "FUNCTION LOAD timeout");
        return;
    }
    const int64_t limit_ns = engine_.settings().busy_reply_threshold * 1000000;
    if (!run_->late && limit_ns > 0 && now_ns - run_->started_ns > limit_ns) {
        run_->late = true;
        engine_.set_condition(engine::kScriptBusy, true);
        log_warning(
            "Slow script detected: still in execution after {} milliseconds. You can try killing "
            "the script using the {} KILL command.",
            (now_ns - run_->started_ns) / 1000000, for_functions_ ? "FUNCTION" : "SCRIPT");
    }
    if (run_->late) engine_.clients().serve_while_busy();
    if ((engine_.conditions() & engine::kShuttingDown) != 0) run_->killed = true;
    if (!run_->killed) return;
    // From now on each line asks, so that pcall() does not help.
    lua_sethook(lua, on_count, LUA_MASKLINE | LUA_MASKCOUNT, kInstructionsBetweenLooks);
    luaL_error(lua, for_functions_ ? "Script killed by user with FUNCTION KILL."
                                   : "Script killed by user with SCRIPT KILL.");
}

Error Interpreter::take_error() {
    std::string text = field(lua_, "err");
    if (text.empty()) text = "ERR unknown error";
    if (!lua_istable(lua_, -1)) return Error("ERR " + sanitised(to_view(lua_, -1)));
    const std::string source = field(lua_, "source");
    const std::string line = field(lua_, "line");
    if (!source.empty()) {
        text += fmt::format(" script: on {}:{}.", source, line);
    }
    lua_pushliteral(lua_, "ignore_error_stats_update");
    lua_rawget(lua_, -2);
    if (lua_toboolean(lua_, -1) == 0) engine::count_script_error(engine_, text);
    run_->call.error_was_counted();
    return Error(sanitised(text));
}

Status Interpreter::execute(int reference, std::span<const std::string_view> keys,
                            std::span<const std::string_view> arguments, ScriptRun& run) {
    run_ = &run;
    lua_pushcfunction(lua_, describe_error);
    lua_rawgeti(lua_, LUA_REGISTRYINDEX, reference);
    int parameters = 0;
    push_list(lua_, keys);
    if (for_functions_) {
        push_list(lua_, arguments);
        parameters = 2;
    } else {
        set_script_global(lua_, "KEYS");
        push_list(lua_, arguments);
        set_script_global(lua_, "ARGV");
    }
    lua_sethook(lua_, on_count, LUA_MASKCOUNT, kInstructionsBetweenLooks);
    const int status = lua_pcall(lua_, parameters, 1, 1);
    lua_sethook(lua_, nullptr, 0, 0);
    if (run.late) engine_.set_condition(engine::kScriptBusy, false);

    Status result = done();
    if (status != 0) {
        result = take_error();
    } else {
        result = reply_with_top(lua_, run);
    }
    lua_settop(lua_, 0);
    run_ = nullptr;
    if (++runs_ % kRunsBetweenCollections == 0) lua_gc(lua_, LUA_GCSTEP, 50);
    return result;
}

Status Interpreter::call_unattended(int arguments, int64_t milliseconds_max) {
    unattended_until_ns_ = engine_.time().monotonic_nanoseconds() + milliseconds_max * 1000000;
    lua_pushcfunction(lua_, describe_error);
    lua_insert(lua_, 1);
    lua_sethook(lua_, on_count, LUA_MASKCOUNT, kInstructionsBetweenLooks);
    show_loading_globals(lua_, true);
    const int status = lua_pcall(lua_, arguments, 0, 1);
    show_loading_globals(lua_, false);
    lua_sethook(lua_, nullptr, 0, 0);
    Status result = done();
    if (status != 0) {
        std::string text = field(lua_, "err");
        result = Error(std::move(text));
    }
    lua_settop(lua_, 0);
    return result;
}

}  // namespace millrace::scripting
