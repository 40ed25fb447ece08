// SPDX-License-Identifier: BSD-3-Clause
//
// INFO: what the sections that are registered in observe::InfoRegistry write.

#include "engine/command.h"

namespace millrace::admin::commands::info {
namespace {

using namespace engine;

Status info(Call& call);

constexpr Arg kInfoArgs[] = {
    {.name = "section", .type = ArgType::String, .flags = kOptional | kMultiple},
};
constexpr std::string_view kInfoTips[] = {"nondeterministic_output", "request_policy:all_shards",
                                          "response_policy:special"};
constexpr HistoryEntry kInfoHistory[] = {
    {"7.0.0", "Takes several sections."},
};

constexpr CommandSpec kCommands[] = {
    {.name = "INFO",
     .summary = "Tells about the server, section by section.",
     .since = "1.0.0",
     .group = Group::Server,
     .complexity = "O(1)",
     .arity = -1,
     .flags = kLoading | kStale | kSentinel,
     .acl = kAclDangerous,
     .args = kInfoArgs,
     .tips = kInfoTips,
     .history = kInfoHistory,
     .run = info},
};

Status info(Call& call) {
    call.reply().verbatim("txt", call.engine().info().render(call.arguments().subspan(1)));
    return done();
}

}  // namespace

extern const CommandTable kTable{kCommands};

}  // namespace millrace::admin::commands::info
