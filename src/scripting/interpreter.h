// SPDX-License-Identifier: BSD-3-Clause
//
// One Lua state in its sandbox, and running a function of it for a client.
//
// Owner:   ScriptEngine. What runs in it never ends it.
// Threads: main thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/call.h"
#include "scripting/lua.h"
#include "scripting/sandbox.h"

namespace millrace::scripting {

// One run of a script or function.
struct ScriptRun {
    engine::Call& call;         // Of the client.
    engine::Session& session;   // Of the script: its database and protocol version.
    std::string_view name;      // Of the function; empty for EVAL.
    bool read_only = false;     // Commands that write are refused.
    bool keeps_dataset = true;  // No command that writes has run.
    bool allows_oom = false;    // It may take memory where there is none.
    bool killed = false;        // SCRIPT KILL asked for its end.
    bool late = false;          // Others are told that the server is busy.
    int64_t started_ns = 0;
};

class Interpreter {
public:
    Interpreter(engine::Engine& engine, RandomNumbers& random, bool insecure, bool for_functions);
    ~Interpreter();
    Interpreter(const Interpreter&) = delete;
    Interpreter& operator=(const Interpreter&) = delete;

    // The one that a state belongs to.
    static Interpreter& of(lua_State* lua);

    lua_State* state() { return lua_; }
    engine::Engine& engine() { return engine_; }
    ScriptRun* run() { return run_; }
    uint64_t bytes() const { return bytes_; }
    bool insecure() const { return insecure_; }

    // Compiles a chunk; the reference by which it can be run.
    Result<int> compile(std::string_view text, const char* name);
    void release(int reference) { luaL_unref(lua_, LUA_REGISTRYINDEX, reference); }

    // Runs a function and answers the client with what it returns. Keys and arguments are globals
    // of a script, and parameters of a function.
    Status execute(int reference, std::span<const std::string_view> keys,
                   std::span<const std::string_view> arguments, ScriptRun& run);

    // Calls the function on the top of the stack, with `arguments` above it, for no client and with
    // the globals for loading. The error as text.
    Status call_unattended(int arguments, int64_t milliseconds_max);

    // Loading: where register_function() puts what it gets; null else.
    void* loading = nullptr;

private:
    static void* allocate_for_lua(void* context, void* block, size_t old_bytes, size_t bytes);
    static void on_count(lua_State* lua, lua_Debug* debug);
    Error take_error();
    void check_time(lua_State* lua);

    engine::Engine& engine_;
    const bool insecure_;
    const bool for_functions_;
    uint64_t bytes_ = 0;
    lua_State* lua_ = nullptr;
    ScriptRun* run_ = nullptr;
    int64_t unattended_until_ns_ = 0;
    uint32_t runs_ = 0;
};

}  // namespace millrace::scripting
