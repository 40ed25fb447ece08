// SPDX-License-Identifier: BSD-3-Clause
//
// CONFIG: reads and changes settings. What there is to set, and how, is for config::Registry to
// know.

#include <cstring>
#include <string>
#include <vector>

#include "admin/local_access.h"
#include "base/log.h"
#include "config/rewrite.h"
#include "engine/command.h"
#include "engine/help.h"
#include "engine/memory_limit.h"

namespace millrace::admin::commands::config {

using namespace engine;

namespace {

Status get(Call& call);
Status help(Call& call);
Status reset_statistics(Call& call);
Status rewrite(Call& call);
Status set(Call& call);

constexpr uint64_t kFlags = kAdmin | kNoScript | kLoading | kStale;
constexpr std::string_view kAllNodes[] = {"request_policy:all_nodes",
                                          "response_policy:all_succeeded"};

constexpr Arg kPatterns[] = {{.name = "parameter", .flags = kMultiple}};
constexpr Arg kPair[] = {{.name = "parameter"}, {.name = "value"}};
constexpr Arg kPairs[] = {
    {.name = "data", .type = ArgType::Block, .flags = kMultiple, .children = kPair}};
constexpr HistoryEntry kGetHistory[] = {{"7.0.0", "Takes several patterns."}};
constexpr HistoryEntry kSetHistory[] = {{"7.0.0", "Takes several settings, all or none."}};

constexpr CommandSpec kSubcommands[] = {
    {.name = "GET",
     .summary = "Shows the settings whose names match.",
     .since = "2.0.0",
     .group = Group::Server,
     .complexity = "O(N) with N patterns",
     .arity = -3,
     .flags = kFlags,
     .args = kPatterns,
     .history = kGetHistory,
     .run = get},
    {.name = "HELP",
     .summary = "Lists the subcommands.",
     .since = "5.0.0",
     .group = Group::Server,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kLoading | kStale,
     .run = help},
    {.name = "RESETSTAT",
     .summary = "Sets the counters that INFO shows back to zero.",
     .since = "2.0.0",
     .group = Group::Server,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kFlags,
     .tips = kAllNodes,
     .run = reset_statistics},
    {.name = "REWRITE",
     .summary = "Writes the settings to the configuration file.",
     .since = "2.8.0",
     .group = Group::Server,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kFlags,
     .tips = kAllNodes,
     .run = rewrite},
    {.name = "SET",
     .summary = "Changes settings of the running server.",
     .since = "2.0.0",
     .group = Group::Server,
     .complexity = "O(N) with N settings",
     .arity = -4,
     .flags = kFlags,
     .args = kPairs,
     .tips = kAllNodes,
     .history = kSetHistory,
     .run = set},
};

constexpr CommandSpec kCommands[] = {
    {.name = "CONFIG",
     .summary = "Reads and changes settings.",
     .since = "2.0.0",
     .group = Group::Server,
     .complexity = "Depends on the subcommand.",
     .arity = -2,
     .subcommands = kSubcommands},
};

Status get(Call& call) {
    const auto found = call.engine().config().get(call.arguments().subspan(2));
    call.reply().map(found.size());
    for (const auto& [name, value] : found) {
        call.reply().bulk(name);
        call.reply().bulk(value);
    }
    return done();
}

Status set(Call& call) {
    const auto words = call.arguments().subspan(2);
    if (words.size() % 2 != 0) return errors::kSyntax;
    std::vector<millrace::config::Assignment> assignments;
    for (size_t i = 0; i < words.size(); i += 2) {
        assignments.push_back({words[i], words[i + 1]});
        if (call.engine().config().is_sensitive(words[i])) call.redact(2 + i + 1);
    }
    const millrace::config::SetContext context{
        .loading = (call.engine().conditions() & kLoadingData) != 0,
        .protected_allowed = may_use(call.settings().enable_protected_configs, call.session())};
    TRY(call.engine().config().set(assignments, context));
    call.reply().ok();
    return done();
}

// The count of unsaved changes stays: it says what a save has to do.
void reset_counters(Engine& engine) {
    EngineCounters& counters = engine.counters();
    counters = EngineCounters{.dirty = counters.dirty};
    engine.keyspace().counters() = {};
    engine.keyspace().reset_lazily_freed();
    engine.memory_limit().reset_statistics();
    CommandRegistry& commands = engine.commands();
    for (uint32_t id = 0; id < commands.size(); ++id) commands.by_id(id).statistics() = {};
    engine.server().reset_statistics();
}

Status reset_statistics(Call& call) {
    reset_counters(call.engine());
    call.reply().ok();
    return done();
}

Status rewrite(Call& call) {
    const std::string& path = call.engine().server().facts.config_file;
    if (path.empty()) return ErrorText{"ERR The server is running without a config file"};
    const Status written = millrace::config::rewrite_file(call.engine().config(), path,
                                                          millrace::config::RewriteScope::Changed);
    if (!written.ok()) {
        const char* reason = std::strerror(written.error().code());
        log_warning("CONFIG REWRITE failed: {}", reason);
        return Error(std::string("ERR Rewriting config file: ") + reason);
    }
    log_notice("CONFIG REWRITE executed with success.");
    call.reply().ok();
    return done();
}

Status help(Call& call) {
    constexpr std::string_view kLines[] = {
        "GET <pattern> [<pattern> ...]",
        "    Show the settings whose names match, and their values.",
        "SET <setting> <value> [<setting> <value> ...]",
        "    Change settings: all of them, or none if one is refused.",
        "RESETSTAT",
        "    Set the counters that INFO shows back to zero.",
        "REWRITE",
        "    Write the settings to the configuration file.",
    };
    reply_help(call.reply(), "CONFIG", kLines);
    return done();
}

}  // namespace

extern const CommandTable kTable{kCommands};

}  // namespace millrace::admin::commands::config
