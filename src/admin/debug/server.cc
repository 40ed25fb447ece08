// SPDX-License-Identifier: BSD-3-Clause
//
// DEBUG RELOAD, LOADAOF, AOF-FLUSH-SLEEP, SLEEP, LOG, CHANGE-REPL-ID, CONFIG-REWRITE-FORCE-ALL,
// STRUCTSIZE, MALLCTL, MALLCTL-STR and the ways to crash: the process as a whole.

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <thread>

#include "admin/debug/subcommands.h"
#include "base/allocator_controls.h"
#include "base/log.h"
#include "config/rewrite.h"
#include "engine/append_log.h"

namespace millrace::admin::debug {

using namespace engine;

namespace {

// Compat: what is no number counts as 0.
Status sleep(Call& call) {
    const double seconds = std::strtod(std::string(call.arg(2)).c_str(), nullptr);
    if (seconds > 0) std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    call.reply().ok();
    return done();
}

Status write_log(Call& call) {
    log_warning("DEBUG LOG: {}", call.arg(2));
    call.reply().ok();
    return done();
}

Status change_replication_id(Call& call) {
    log_notice("Changing replication IDs after receiving DEBUG change-repl-id");
    constexpr size_t kDigits = 40;
    std::string id;
    while (id.size() < kDigits) id += fmt::format("{:016x}", call.engine().entropy().next());
    id.resize(kDigits);
    call.engine().server().facts.replication_id = std::move(id);
    call.reply().ok();
    return done();
}

// Compat: without a file the address of its name is what is bad.
Status rewrite_whole_configuration(Call& call) {
    const std::string& path = call.engine().server().facts.config_file;
    int code = EFAULT;
    if (!path.empty()) {
        const Status written =
            config::rewrite_file(call.engine().config(), path, config::RewriteScope::All);
        code = written.ok() ? 0 : written.error().code();
    }
    if (code != 0) {
        return Error(std::string("ERR CONFIG-REWRITE-FORCE-ALL failed: ") + std::strerror(code));
    }
    call.reply().ok();
    return done();
}

Status reload(Call& call) {
    ReloadRequest request;
    for (size_t at = 2; at < call.count(); ++at) {
        if (call.arg_is(at, "MERGE")) {
            request.merge = true;
        } else if (call.arg_is(at, "NOFLUSH")) {
            request.flush = false;
        } else if (call.arg_is(at, "NOSAVE")) {
            request.save = false;
        } else {
            return Error("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.");
        }
    }
    PersistenceControl* persistence = call.engine().persistence();
    if (persistence == nullptr) return Error("ERR There is no disk");
    TRY(persistence->reload(request));
    call.reply().ok();
    return done();
}

Status load_log(Call& call) {
    AppendLog* log = append_log_of(call.engine().persistence());
    if (log == nullptr) return Error("ERR There is no disk");
    call.propagate_nothing();
    TRY(log->reload());
    call.reply().ok();
    return done();
}

Status delay_log(Call& call) {
    if (AppendLog* log = append_log_of(call.engine().persistence())) {
        log->set_write_delay_us(std::strtoll(std::string(call.arg(2)).c_str(), nullptr, 10));
    }
    call.reply().ok();
    return done();
}

// Compat: the names are those of Valkey's structures, the numbers ours where there is something
// alike.
Status structure_sizes(Call& call) {
    call.reply().bulk(fmt::format(
        "bits:{} robj:{} dictentry:{} sdshdr5:1 sdshdr8:3 sdshdr16:5 sdshdr32:9 sdshdr64:17 ",
        8 * sizeof(void*), sizeof(keyspace::Entry), sizeof(uint64_t)));
    return done();
}

template <size_t kSize>
struct Word {
    constexpr Word(const char (&text)[kSize]) { std::copy_n(text, kSize, letters); }  // NOLINT
    std::string_view view() const { return {letters, kSize - 1}; }
    char letters[kSize];
};

// Compat: what follows the value is not looked at.
Status allocator_value(Call& call) {
    if (!allocator_has_controls()) return unknown_subcommand(call.arg(1));
    std::optional<int64_t> fresh;
    if (call.count() > 3) fresh = TRY(call.integer(3));
    call.reply().integer(TRY(allocator_number(std::string(call.arg(2)), fresh)));
    return done();
}

Status allocator_string(Call& call) {
    if (!allocator_has_controls()) return unknown_subcommand(call.arg(1));
    call.reply().bulk(TRY(allocator_text(std::string(call.arg(2)))));
    return done();
}

template <Word kWhat>
Status crash(Call& call) {
    TRY(call.engine().process().crash(kWhat.view()));
    call.reply().ok();
    return done();
}

constexpr Subcommand kServerSubcommands[] = {
    {"RELOAD", 2, SIZE_MAX, reload},
    {"LOADAOF", 2, 2, load_log},
    {"AOF-FLUSH-SLEEP", 3, 3, delay_log},
    {"SLEEP", 3, 3, sleep},
    {"LOG", 3, 3, write_log},
    {"CHANGE-REPL-ID", 2, 2, change_replication_id},
    {"CONFIG-REWRITE-FORCE-ALL", 2, 2, rewrite_whole_configuration},
    {"STRUCTSIZE", 2, 2, structure_sizes},
    {"MALLCTL", 3, SIZE_MAX, allocator_value},
    {"MALLCTL-STR", 3, SIZE_MAX, allocator_string},
    {"SEGFAULT", 2, 2, crash<"segfault">},
    {"ASSERT", 2, 2, crash<"assert">},
    {"PANIC", 2, 2, crash<"panic">},
};

}  // namespace

std::span<const Subcommand> server_subcommands() {
    return kServerSubcommands;
}

}  // namespace millrace::admin::debug
