// SPDX-License-Identifier: BSD-3-Clause
//
// LASTSAVE: the time of the last save, or of the start if there was none.

#include "engine/command.h"

namespace millrace::admin::commands::lastsave {
namespace {

using namespace engine;

Status lastsave(Call& call);

constexpr std::string_view kLastsaveTips[] = {"nondeterministic_output"};

constexpr CommandSpec kCommands[] = {
    {.name = "LASTSAVE",
     .summary = "Shows when the data was last saved, in Unix seconds.",
     .since = "1.0.0",
     .group = Group::Server,
     .complexity = "O(1)",
     .arity = 1,
     .flags = kLoading | kStale | kFast,
     .acl = kAclAdmin | kAclDangerous,
     .tips = kLastsaveTips,
     .run = lastsave},
};

Status lastsave(Call& call) {
    call.reply().integer(call.engine().server().snapshots.last_save_unix_seconds);
    return done();
}

}  // namespace

extern const CommandTable kTable{kCommands};

}  // namespace millrace::admin::commands::lastsave
