// SPDX-License-Identifier: BSD-3-Clause
#include "scripting/script_engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/bytes.h"
#include "base/sha1.h"
#include "engine/memory_limit.h"
#include "scripting/shebang.h"

namespace millrace::scripting {

using engine::Call;
using engine::Session;

namespace {

constexpr size_t kEvictableMax = 500;
constexpr size_t kShaDigits = 40;
constexpr ErrorText kNoScriptFound{"NOSCRIPT No matching script."};
constexpr ErrorText kWritesInReadOnly{
    "ERR Can not execute a script with write flag using *_ro command."};

// The keys and the other arguments of EVAL and its like, by the count at argument 2.
struct Parameters {
    std::span<const std::string_view> keys;
    std::span<const std::string_view> arguments;
};

Result<Parameters> parameters_of(const Call& call) {
    const int64_t count = TRY(call.integer(2));
    if (count < 0) return ErrorText{"ERR Number of keys can't be negative"};
    const auto rest = call.arguments().subspan(3);
    if (static_cast<uint64_t>(count) > rest.size()) {
        return ErrorText{"ERR Number of keys can't be greater than number of args"};
    }
    const auto keys = static_cast<size_t>(count);
    return Parameters{rest.first(keys), rest.subspan(keys)};
}

// What a string has outside of itself.
size_t text_bytes(size_t bytes) {
    return bytes > std::string().capacity() ? bytes + 1 : 0;
}
size_t text_bytes(const std::string& text) {
    return text_bytes(text.capacity());
}

// Of an element in a node-based container: the links and the hash beside it.
constexpr size_t kNodeBytes = 2 * sizeof(void*);

}  // namespace

ScriptEngine::ScriptEngine(engine::Engine& engine)
    : engine_(engine),
      insecure_(engine.config().find("lua-enable-insecure-api")),
      session_(UINT32_MAX, 0, 0) {
    session_.peer.address = "lua";
    session_.set(engine::kDenyBlocking, true);
}

ScriptEngine::~ScriptEngine() = default;

ScriptEngine& ScriptEngine::of(engine::Engine& engine) {
    if (engine.scripting == nullptr) engine.scripting = std::make_unique<ScriptEngine>(engine);
    return static_cast<ScriptEngine&>(*engine.scripting);
}

Interpreter& ScriptEngine::script_interpreter() {
    const bool insecure = insecure_ != nullptr && insecure_->print() == "yes";
    if (script_lua_ != nullptr && script_lua_->insecure() != insecure) flush_scripts();
    if (script_lua_ == nullptr) {
        script_lua_ = std::make_unique<Interpreter>(engine_, random_, insecure, false);
    }
    return *script_lua_;
}

Interpreter& ScriptEngine::function_interpreter() {
    if (function_lua_ == nullptr) {
        function_lua_ = std::make_unique<Interpreter>(engine_, random_, false, true);
    }
    return *function_lua_;
}

void ScriptEngine::update_counters() {
    engine::ScriptCounters& counters = engine_.counters().scripts;
    counters.cached_scripts = scripts_.size();
    counters.cache_bytes = script_bytes_;
    counters.interpreter_bytes = script_lua_ == nullptr ? 0 : script_lua_->bytes();
    counters.libraries = libraries_.size();
    counters.functions = functions_.size();
    counters.function_interpreter_bytes = function_lua_ == nullptr ? 0 : function_lua_->bytes();
}

// --- scripts ---

size_t ScriptEngine::bytes_of(const Script& script) {
    const size_t sha = text_bytes(kShaDigits);
    const size_t place = kNodeBytes + sizeof(std::string) + sha;
    return kNodeBytes + sizeof(Scripts::value_type) + sha + text_bytes(script.body) + kNodeBytes +
           sizeof(ByBody::value_type) + (script.evictable ? place : 0);
}

Result<ScriptEngine::Scripts::iterator> ScriptEngine::compile(std::string_view sha,
                                                              std::string_view body,
                                                              bool evictable) {
    Script script;
    const Shebang shebang = TRY(parse_shebang(body));
    script.flags = shebang.flags;
    auto compiled = script_interpreter().compile(shebang.code, "@user_script");
    if (!compiled.ok()) {
        return Error(
            fmt::format("ERR Error compiling script (new function): {}", compiled.error().text()));
    }
    script.reference = *compiled;
    script.body = body;
    script.evictable = evictable;
    if (evictable) {
        if (evictable_.size() >= kEvictableMax) {
            const auto oldest = scripts_.find(evictable_.front());
            script_lua_->release(oldest->second.reference);
            script_bytes_ -= bytes_of(oldest->second);
            by_body_.erase(oldest->second.body);
            scripts_.erase(oldest);
            evictable_.pop_front();
            ++engine_.counters().scripts.evicted_scripts;
        }
        script.place = evictable_.insert(evictable_.end(), std::string(sha));
    }
    script_bytes_ += bytes_of(script);
    const auto added = scripts_.insert_or_assign(std::string(sha), std::move(script)).first;
    by_body_.emplace(added->second.body, &added->second);
    update_counters();
    return added;
}

// Compat: monitors see a script before the commands that it runs, and one that cannot run, too.
void ScriptEngine::show_monitors(Call& call) {
    if ((engine_.conditions() & engine::kMonitored) == 0) return;
    const Session& client = call.session();
    engine_.monitors().feed(engine_.now_us(), client.database, client.peer.address,
                            call.arguments(), engine_.sessions(), engine_.clients());
}

Status ScriptEngine::evaluate(Call& call, std::string_view body, bool read_only) {
    show_monitors(call);
    (void)TRY(parameters_of(call));
    (void)script_interpreter();  // A change of its kind empties the cache.
    const auto known = by_body_.find(body);
    if (known != by_body_.end()) return run_script(call, *known->second, read_only);
    const auto added = TRY(compile(hexadecimal(sha1(body)), body, true));
    return run_script(call, added->second, read_only);
}

Status ScriptEngine::evaluate_known(Call& call, std::string_view sha, bool read_only) {
    show_monitors(call);
    if (sha.size() != kShaDigits) return kNoScriptFound;
    (void)TRY(parameters_of(call));
    (void)script_interpreter();
    const auto found = scripts_.find(to_lower(sha));
    if (found == scripts_.end()) return kNoScriptFound;
    return run_script(call, found->second, read_only);
}

namespace {

// While nothing can be made durable, a script that may write does not even begin.
Status check_writes_allowed(Call& call) {
    engine::Engine& engine = call.engine();
    if ((engine.conditions() & engine::kWritesRefused) == 0) return done();
    return Error(std::string(engine.persistence()->write_refusal()));
}

}  // namespace

Status ScriptEngine::run_script(Call& call, Script& script, bool read_only) {
    if (script.evictable) evictable_.splice(evictable_.end(), evictable_, script.place);
    const bool may_write = (script.flags & (kNoWrites | kUnflagged)) == 0;
    if (read_only && may_write) return kWritesInReadOnly;
    const bool allows_oom = (script.flags & kAllowOom) != 0;
    if (lacks_memory() && may_write && !allows_oom) return engine::errors::kOutOfMemory;
    if (may_write) TRY(check_writes_allowed(call));
    prepare_session(call);
    ScriptRun run{.call = call,
                  .session = session_,
                  .name = {},
                  .read_only = read_only || (script.flags & kNoWrites) != 0,
                  .allows_oom = allows_oom};
    running_functions_ = false;
    return this->run(call, *script_lua_, script.reference, run);
}

bool ScriptEngine::lacks_memory() const {
    return engine_.memory_limit().out_of_memory();
}

void ScriptEngine::prepare_session(Call& call) {
    const Session& client = call.session();
    session_.database = client.database;
    session_.protocol = 2;
    session_.user = client.user;
    session_.set(engine::kNoTouch, client.is(engine::kNoTouch));
    session_.set(engine::kRestricted, client.is(engine::kRestricted));
}

Status ScriptEngine::run(Call& call, Interpreter& interpreter, int reference, ScriptRun& run) {
    const Parameters parameters = TRY(parameters_of(call));
    run.started_ns = engine_.time().monotonic_nanoseconds();
    call.propagate_nothing();  // What it runs is propagated.
    running_ = &run;
    Status status = interpreter.execute(reference, parameters.keys, parameters.arguments, run);
    running_ = nullptr;
    update_counters();
    return status;
}

Result<std::string> ScriptEngine::load(std::string_view body) {
    (void)script_interpreter();
    std::string sha = hexadecimal(sha1(body));
    const auto found = scripts_.find(sha);
    if (found == scripts_.end()) {
        (void)TRY(compile(sha, body, false));
    } else if (found->second.evictable) {
        script_bytes_ -= bytes_of(found->second);
        found->second.evictable = false;
        evictable_.erase(found->second.place);
        script_bytes_ += bytes_of(found->second);
        update_counters();
    }
    return sha;
}

const std::string* ScriptEngine::body_of(std::string_view sha) const {
    const auto found = scripts_.find(to_lower(sha));
    return found == scripts_.end() ? nullptr : &found->second.body;
}

namespace {

// Compat: a script that says nothing of itself keeps the flags of EVAL; others say whether they
// write.
uint64_t command_flags(const engine::Command& command, uint32_t said) {
    if ((said & kUnflagged) != 0) return command.flags();
    uint64_t flags = command.flags() & ~(engine::kStale | engine::kMayReplicate);
    if ((said & kNoWrites) == 0) {
        flags |= engine::kWrite;
        if ((said & kAllowOom) == 0) flags |= engine::kDenyOom;
    }
    if ((said & kAllowStale) != 0) flags |= engine::kStale;
    return flags;
}

}  // namespace

uint64_t ScriptEngine::flags_of_script(const engine::Command& command,
                                       std::string_view body) const {
    auto shebang = parse_shebang(body);
    return shebang.ok() ? command_flags(command, shebang->flags) : command.flags();
}

uint64_t ScriptEngine::flags_of_function(const engine::Command& command,
                                         std::string_view name) const {
    const auto found = functions_.find(to_lower(name));
    if (found == functions_.end()) return command.flags();
    return command_flags(command, found->second.library->functions[found->second.at].flags);
}

void ScriptEngine::flush_scripts() {
    by_body_.clear();
    scripts_.clear();
    evictable_.clear();
    script_bytes_ = 0;
    script_lua_ = nullptr;
    update_counters();
}

// --- functions ---

void ScriptEngine::update_library_counters() {
    size_t bytes = 0;
    for (const auto& [name, library] : libraries_) {
        bytes += 2 * kNodeBytes + sizeof name + sizeof library + text_bytes(name) +
                 text_bytes(library.name) + text_bytes(library.code) +
                 library.functions.capacity() * sizeof(Function);
        for (const Function& each : library.functions) {
            bytes += text_bytes(each.name) + text_bytes(each.description);
            bytes += kNodeBytes + sizeof *functions_.begin() + text_bytes(each.name.size());
        }
    }
    engine_.counters().scripts.function_bytes = bytes;
    update_counters();
}

void ScriptEngine::drop_functions(const Library& library) {
    for (const Function& each : library.functions) {
        function_lua_->release(each.reference);
        functions_.erase(functions_.find(to_lower(each.name)));
    }
}

namespace {

// What is wrong with the names, or null. Compat: they are looked at when all are registered.
const char* fault_of(std::span<const Function> functions) {
    std::set<std::string> names;
    for (const Function& each : functions) {
        if (!is_good_name(each.name)) {
            return "ERR Function names can only contain letters, numbers, or underscores(_) and "
                   "must be at least one character long";
        }
        if (!names.insert(to_lower(each.name)).second) {
            return "ERR Function already exists in the library";
        }
    }
    return nullptr;
}

}  // namespace

Result<std::string> ScriptEngine::load_library(std::string_view code, bool replace) {
    const LibraryShebang shebang = TRY(parse_library_shebang(code));
    if (!is_good_name(shebang.name)) {
        return ErrorText{
            "ERR Library names can only contain letters, numbers, or underscores(_) and must be at "
            "least one character long"};
    }
    const auto existing = libraries_.find(shebang.name);
    if (existing != libraries_.end() && !replace) {
        return Error(fmt::format("ERR Library '{}' already exists", shebang.name));
    }
    Interpreter& interpreter = function_interpreter();
    auto compiled = interpreter.compile(shebang.code, "@user_function");
    if (!compiled.ok()) {
        return Error(fmt::format("ERR Error compiling function: {}", compiled.error().text()));
    }
    constexpr int64_t kLoadMillisecondsMax = 500;
    LoadingLibrary loading;
    interpreter.loading = &loading;
    lua_rawgeti(interpreter.state(), LUA_REGISTRYINDEX, *compiled);
    const Status status = interpreter.call_unattended(0, kLoadMillisecondsMax);
    interpreter.loading = nullptr;
    interpreter.release(*compiled);
    const auto give_up = [&](std::string text) {
        for (const Function& each : loading.functions) interpreter.release(each.reference);
        return Error(std::move(text));
    };
    if (!status.ok()) {
        return give_up(fmt::format("ERR Error registering functions: {}", status.error().text()));
    }
    if (loading.functions.empty()) return give_up("ERR No functions registered");
    if (const char* fault = fault_of(loading.functions)) return give_up(fault);
    for (const Function& each : loading.functions) {
        const auto taken = functions_.find(to_lower(each.name));
        if (taken == functions_.end() || taken->second.library->name == shebang.name) continue;
        return give_up(fmt::format("ERR Function {} already exists", each.name));
    }
    if (existing != libraries_.end()) drop_functions(existing->second);
    Library& library = libraries_[shebang.name];
    library = {
        .name = shebang.name, .code = std::string(code), .functions = std::move(loading.functions)};
    for (size_t at = 0; at < library.functions.size(); ++at) {
        functions_[to_lower(library.functions[at].name)] = {&library, at};
    }
    update_library_counters();
    return shebang.name;
}

bool ScriptEngine::has_function(std::string_view name) const {
    return functions_.contains(to_lower(name));
}

bool ScriptEngine::delete_library(std::string_view name) {
    const auto found = libraries_.find(name);
    if (found == libraries_.end()) return false;
    drop_functions(found->second);
    libraries_.erase(found);
    update_library_counters();
    return true;
}

void ScriptEngine::flush_libraries() {
    libraries_.clear();
    functions_.clear();
    function_lua_ = nullptr;
    update_library_counters();
}

Status ScriptEngine::call_function(Call& call, bool read_only) {
    show_monitors(call);
    const auto found = functions_.find(to_lower(call.arg(1)));
    if (found == functions_.end()) return ErrorText{"ERR Function not found"};
    if (!call.integer(2).ok()) return ErrorText{"ERR Bad number of keys provided"};
    (void)TRY(parameters_of(call));
    const Function& function = found->second.library->functions[found->second.at];
    const bool writes = (function.flags & kNoWrites) == 0;
    if (read_only && writes) return kWritesInReadOnly;
    const bool allows_oom = (function.flags & kAllowOom) != 0;
    if (lacks_memory() && writes && !allows_oom) return engine::errors::kOutOfMemory;
    if (writes) TRY(check_writes_allowed(call));
    prepare_session(call);
    ScriptRun run{.call = call,
                  .session = session_,
                  .name = function.name,
                  .read_only = !writes,
                  .allows_oom = allows_oom};
    running_functions_ = true;
    return this->run(call, *function_lua_, function.reference, run);
}

// --- what runs ---

Status ScriptEngine::kill(bool functions) {
    if (running_ == nullptr) return ErrorText{"NOTBUSY No scripts in execution right now."};
    if (running_functions_ != functions) {
        if (!running_functions_) return engine::errors::kBusy;
        return ErrorText{
            "BUSY Valkey is busy running a script. You can only call FUNCTION KILL or SHUTDOWN "
            "NOSAVE."};
    }
    if (!running_->keeps_dataset) {
        return ErrorText{
            "UNKILLABLE Sorry the script already executed write commands against the dataset. You "
            "can either wait the script termination or kill the server in a hard way using the "
            "SHUTDOWN NOSAVE command."};
    }
    running_->killed = true;
    return done();
}

int64_t ScriptEngine::running_milliseconds() const {
    return (engine_.time().monotonic_nanoseconds() - running_->started_ns) / 1000000;
}

}  // namespace millrace::scripting
