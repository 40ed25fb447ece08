// SPDX-License-Identifier: BSD-3-Clause
//
// MONITOR: from now on the client sees every command.

#include "engine/command.h"

namespace millrace::admin::commands::monitor {
namespace {

using namespace engine;

Status monitor(Call& call);

constexpr CommandSpec kCommands[] = {
    {.name = "MONITOR",
     .summary = "Shows every command that the server runs, as it happens.",
     .since = "1.0.0",
     .group = Group::Server,
     .arity = 1,
     .flags = kAdmin | kNoScript | kLoading | kStale,
     .run = monitor},
};

Status monitor(Call& call) {
    Session& session = call.session();
    if (session.is(kInMulti)) {
        return ErrorText{"ERR MONITOR isn't allowed for DENY BLOCKING client"};
    }
    // Compat: a second MONITOR has no answer.
    if (session.is(kMonitoring)) {
        call.reply_later();
        return done();
    }
    session.set(kMonitoring, true);
    call.engine().monitors().add(session);
    call.engine().set_condition(kMonitored, true);
    call.reply().ok();
    return done();
}

}  // namespace

extern const CommandTable kTable{kCommands};

}  // namespace millrace::admin::commands::monitor
