// SPDX-License-Identifier: BSD-3-Clause
//
// SHUTDOWN: saves as asked or configured, and ends the process.

#include "engine/command.h"

namespace millrace::admin::commands::shutdown {
namespace {

using namespace engine;

Status shutdown(Call& call);

constexpr Arg kShutdownArgsAbortSelectorSaveSelectorBlockSaveSelector[] = {
    {.name = "nosave", .type = ArgType::PureToken, .token = "NOSAVE"},
    {.name = "save", .type = ArgType::PureToken, .token = "SAVE"},
};
constexpr Arg kShutdownArgsAbortSelectorSaveSelectorBlock[] = {
    {.name = "save-selector",
     .type = ArgType::OneOf,
     .flags = kOptional,
     .children = kShutdownArgsAbortSelectorSaveSelectorBlockSaveSelector},
    {.name = "now",
     .type = ArgType::PureToken,
     .token = "NOW",
     .flags = kOptional,
     .since = "7.0.0"},
    {.name = "force",
     .type = ArgType::PureToken,
     .token = "FORCE",
     .flags = kOptional,
     .since = "7.0.0"},
    {.name = "safe",
     .type = ArgType::PureToken,
     .token = "SAFE",
     .flags = kOptional,
     .since = "9.0.0"},
    {.name = "failover",
     .type = ArgType::PureToken,
     .token = "FAILOVER",
     .flags = kOptional,
     .since = "9.0.0"},
};
constexpr Arg kShutdownArgsAbortSelector[] = {
    {.name = "save-selector-block",
     .type = ArgType::Block,
     .children = kShutdownArgsAbortSelectorSaveSelectorBlock},
    {.name = "abort", .type = ArgType::PureToken, .token = "ABORT", .since = "7.0.0"},
};
constexpr Arg kShutdownArgs[] = {
    {.name = "abort-selector",
     .type = ArgType::OneOf,
     .flags = kOptional,
     .children = kShutdownArgsAbortSelector},
};
constexpr HistoryEntry kShutdownHistory[] = {
    {"7.0.0", "NOW, FORCE and ABORT."},
    {"9.0.0", "SAFE and FAILOVER."},
};

constexpr CommandSpec kCommands[] = {
    {.name = "SHUTDOWN",
     .summary = "Saves the data, if so configured, and ends the server.",
     .since = "1.0.0",
     .group = Group::Server,
     .complexity = "O(N) when saving, where N is the total number of keys in all databases when "
                   "saving data, otherwise O(1)",
     .arity = -1,
     .flags = kAdmin | kNoScript | kLoading | kStale | kNoMulti | kAllowBusy | kSentinel,
     .args = kShutdownArgs,
     .history = kShutdownHistory,
     .run = shutdown},
};

struct Options {
    ShutdownRequest request;
    bool abort = false;
};

Result<Options> parse_options(Call& call) {
    Options options;
    ShutdownRequest& request = options.request;
    for (size_t at = 1; at < call.count(); ++at) {
        const struct {
            std::string_view word;
            bool& place;
        } words[] = {
            {"NOSAVE", request.no_save}, {"SAVE", request.save}, {"NOW", request.now},
            {"FORCE", request.force},    {"SAFE", request.safe}, {"FAILOVER", request.failover},
            {"ABORT", options.abort},
        };
        bool known = false;
        for (const auto& each : words) {
            if (!call.arg_is(at, each.word)) continue;
            each.place = true;
            known = true;
        }
        if (!known) return errors::kSyntax;
    }
    const bool asks_more = request.save || request.no_save || request.now || request.force ||
                           request.safe || request.failover;
    if (options.abort && asks_more) return errors::kSyntax;
    if (request.save && request.no_save) return errors::kSyntax;
    if (request.failover) {
        return ErrorText{"ERR SHUTDOWN FAILOVER is only supported in cluster mode."};
    }
    return options;
}

Status shutdown(Call& call) {
    const Options options = TRY(parse_options(call));
    ProcessControl& process = call.engine().process();
    if (options.abort) {
        TRY(process.abort_shutdown());
        call.reply().ok();
        return done();
    }
    TRY(process.shutdown(options.request));
    call.reply_later();  // Never: the connection ends with the process.
    return done();
}

}  // namespace

extern const CommandTable kTable{kCommands};

}  // namespace millrace::admin::commands::shutdown
