// SPDX-License-Identifier: BSD-3-Clause
#include "scripting/library_payload.h"

#include <fmt/format.h>

#include <vector>

#include "base/bytes.h"
#include "persistence/rdb/cursor.h"
#include "persistence/rdb/format.h"
#include "persistence/rdb/writer.h"

namespace millrace::scripting {
namespace {

namespace rdb = persistence::rdb;

Result<std::vector<std::string>> read_codes(std::string_view body) {
    std::vector<std::string> codes;
    rdb::Cursor cursor(body);
    rdb::Scratch scratch;
    while (cursor.offset() < body.size()) {
        if (cursor.byte() != static_cast<uint8_t>(rdb::Opcode::Function)) {
            return ErrorText{"ERR given type is not a function"};
        }
        const std::string_view code = cursor.string(scratch);
        if (cursor.failed()) return ErrorText{"ERR failed loading the given functions payload"};
        codes.emplace_back(code);
    }
    return codes;
}

// Whether the libraries of `fresh` can join those of `present`.
Status check_collisions(const ScriptEngine& present, const ScriptEngine& fresh, bool replace) {
    for (const auto& [name, library] : fresh.libraries()) {
        if (!replace && present.libraries().contains(name)) {
            return Error(fmt::format("ERR Library {} already exists", name));
        }
    }
    for (const auto& [name, library] : present.libraries()) {
        if (fresh.libraries().contains(name)) continue;
        for (const Function& function : library.functions) {
            if (!fresh.has_function(function.name)) continue;
            return Error(fmt::format("ERR Function {} already exists", function.name));
        }
    }
    return done();
}

// Loads everything where nobody sees it, so that nothing has changed when something is wrong.
Status try_out(engine::Engine& engine, const std::vector<std::string>& codes,
               RestorePolicy policy) {
    ScriptEngine trial(engine);
    for (const std::string& code : codes) (void)TRY(trial.load_library(code, false));
    if (policy == RestorePolicy::Flush) return done();
    return check_collisions(ScriptEngine::of(engine), trial, policy == RestorePolicy::Replace);
}

}  // namespace

std::string dump_libraries(const ScriptEngine& scripts, bool compress) {
    rdb::BufferSink sink;
    rdb::Writer writer(sink, {.compress = compress});
    for (const auto& [name, library] : scripts.libraries()) {
        writer.opcode(rdb::Opcode::Function);
        writer.string(library.code);
    }
    char version[2];
    store_little_endian<uint16_t>(version, rdb::kVersion);
    writer.raw({version, sizeof version});
    (void)writer.flush();
    writer.little_endian(writer.checksum());
    (void)writer.flush();
    return std::string(sink.view());
}

Status restore_libraries(engine::Engine& engine, std::string_view payload, RestorePolicy policy,
                         const rdb::PayloadRules& rules) {
    const std::string_view body = TRY(rdb::open_payload(payload, rules));
    const std::vector<std::string> codes = TRY(read_codes(body));
    ScriptEngine& scripts = ScriptEngine::of(engine);
    Status tried = try_out(engine, codes, policy);
    scripts.update_counters();
    if (!tried.ok()) return tried.take_error();
    if (policy == RestorePolicy::Flush) scripts.flush_libraries();
    for (const std::string& code : codes) {
        (void)TRY(scripts.load_library(code, policy == RestorePolicy::Replace));
    }
    return done();
}

}  // namespace millrace::scripting
