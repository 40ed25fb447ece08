// SPDX-License-Identifier: BSD-3-Clause
//
// TIME: the clock of the server.

#include <string>

#include "engine/command.h"

namespace millrace::admin::commands::time {
namespace {

using namespace engine;

Status time(Call& call);

constexpr std::string_view kTimeTips[] = {"nondeterministic_output"};

constexpr CommandSpec kCommands[] = {
    {.name = "TIME",
     .summary = "Shows the time of the server.",
     .since = "2.6.0",
     .group = Group::Server,
     .complexity = "O(1)",
     .arity = 1,
     .flags = kLoading | kStale | kFast,
     .tips = kTimeTips,
     .run = time},
};

Status time(Call& call) {
    // Time stands still inside of EXEC and scripts.
    const bool stands_still = call.engine().is_nested();
    const int64_t now_us =
        stands_still ? call.engine().now_us() : call.engine().time().wall_microseconds();
    call.reply().array(2);
    call.reply().bulk(std::to_string(now_us / 1000000));
    call.reply().bulk(std::to_string(now_us % 1000000));
    return done();
}

}  // namespace

extern const CommandTable kTable{kCommands};

}  // namespace millrace::admin::commands::time
