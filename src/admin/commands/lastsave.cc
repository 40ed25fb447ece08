// SPDX-License-Identifier: BSD-3-Clause
//
// LASTSAVE: since nothing is saved, the time of the start, as in a Valkey that has not saved yet.

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
    call.reply().integer(call.engine().server().facts.started_unix_us / 1000000);
    return done();
}

}  // namespace

extern const CommandTable kTable{kCommands};

}  // namespace millrace::admin::commands::lastsave
