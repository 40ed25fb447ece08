// SPDX-License-Identifier: BSD-3-Clause
//
// Scripts and functions: their cache, and running them for clients.
//
// Owner:   the engine, as its extension; made with the first script.
// Threads: main thread.
// Limits:  of the scripts that came with EVAL the last 500 are kept.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/call.h"
#include "engine/name_map.h"
#include "scripting/interpreter.h"
#include "scripting/registration.h"

namespace millrace::scripting {

struct Library {
    std::string name;
    std::string code;
    std::vector<Function> functions;
};

class ScriptEngine final : public engine::EngineExtension {
public:
    explicit ScriptEngine(engine::Engine& engine);
    ~ScriptEngine() override;
    static ScriptEngine& of(engine::Engine& engine);

    // --- scripts ---

    Status evaluate(engine::Call& call, std::string_view body, bool read_only);
    Status evaluate_known(engine::Call& call, std::string_view sha, bool read_only);
    // Puts a script into the cache for good; its SHA-1.
    Result<std::string> load(std::string_view body);
    bool exists(std::string_view sha) const { return body_of(sha) != nullptr; }
    const std::string* body_of(std::string_view sha) const;
    void flush_scripts();

    // What a call of the script, or of the function, may do.
    uint64_t flags_of_script(const engine::Command& command, std::string_view body) const;
    uint64_t flags_of_function(const engine::Command& command, std::string_view name) const;

    // --- functions ---

    Result<std::string> load_library(std::string_view code, bool replace);
    bool delete_library(std::string_view name);
    void flush_libraries();
    Status call_function(engine::Call& call, bool read_only);
    const std::map<std::string, Library, std::less<>>& libraries() const { return libraries_; }
    size_t function_count() const { return functions_.size(); }
    bool has_function(std::string_view name) const;
    // What INFO tells of scripts and functions.
    void update_counters();

    // --- what runs ---

    // SCRIPT KILL and FUNCTION KILL.
    Status kill(bool functions);
    const ScriptRun* running() const { return running_; }
    int64_t running_milliseconds() const;
    bool running_function() const { return running_functions_; }

private:
    struct Script {
        std::string body;
        uint32_t flags = kUnflagged;
        int reference = 0;
        bool evictable = true;
        std::list<std::string>::iterator place;  // In the order of use, if it is evictable.
    };
    using Scripts = engine::NameMap<Script>;

    // Everything that the cache keeps because of it.
    static size_t bytes_of(const Script& script);
    void update_library_counters();
    Interpreter& script_interpreter();
    Interpreter& function_interpreter();
    Result<Scripts::iterator> compile(std::string_view sha, std::string_view body, bool evictable);
    Status run_script(engine::Call& call, Script& script, bool read_only);
    Status run(engine::Call& call, Interpreter& interpreter, int reference, ScriptRun& run);
    bool lacks_memory() const;
    void show_monitors(engine::Call& call);
    void prepare_session(engine::Call& call);
    void drop_functions(const Library& library);

    engine::Engine& engine_;
    const config::Setting* const insecure_;  // Whether scripts may use what is not safe.
    RandomNumbers random_;  // Compat: one sequence for scripts and functions, whatever is flushed.
    std::unique_ptr<Interpreter> script_lua_;
    std::unique_ptr<Interpreter> function_lua_;
    Scripts scripts_;  // By their SHA-1.
    // The same by what they say, so that EVAL has to hash that only once. Views of Script::body.
    using ByBody = std::unordered_map<std::string_view, Script*>;
    ByBody by_body_;
    std::list<std::string> evictable_;  // The one used longest ago first.
    uint64_t script_bytes_ = 0;
    std::map<std::string, Library, std::less<>> libraries_;
    struct Place {
        const Library* library;
        size_t at;
    };
    engine::NameMap<Place> functions_;  // By name in lower case; any case is good to call them.
    engine::Session session_;           // Of whatever runs.
    ScriptRun* running_ = nullptr;
    bool running_functions_ = false;
};

}  // namespace millrace::scripting
