// SPDX-License-Identifier: BSD-3-Clause
//
// SELECT, RESET, QUIT: the state of the connection itself.

#include <cstdint>

#include "engine/acl/access_control.h"
#include "engine/command.h"

namespace millrace::admin::commands::connection::session {
namespace {

using namespace engine;

Status select(Call& call);
Status reset(Call& call);
Status quit(Call& call);

constexpr Arg kSelectArgs[] = {{"index", ArgType::Integer}};

void find_selected(std::span<const std::string_view>, std::vector<size_t>& found) {
    found.push_back(1);
}

constexpr CommandSpec kCommands[] = {
    {.name = "SELECT",
     .summary = "Chooses the database that the client works on.",
     .since = "1.0.0",
     .group = Group::Connection,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kLoading | kStale | kFast | kAllowBusy,
     .args = kSelectArgs,
     .find_databases = find_selected,
     .run = select},
    {.name = "RESET",
     .summary = "Makes the connection as if it were new.",
     .since = "6.2.0",
     .group = Group::Connection,
     .complexity = "O(1)",
     .arity = 1,
     .flags = kNoScript | kLoading | kStale | kFast | kNoAuth | kAllowBusy | kBarrier | kSentinel |
              kNotQueued | kWhileSubscribed,
     .run = reset},
    {.name = "QUIT",
     .summary = "Ends the connection.",
     .since = "1.0.0",
     .group = Group::Connection,
     .complexity = "O(1)",
     .arity = -1,
     .flags = kNoScript | kLoading | kStale | kFast | kNoAuth | kAllowBusy | kBarrier | kSentinel |
              kNotQueued | kWhileSubscribed,
     .run = quit},
};

Status select(Call& call) {
    const int64_t number = TRY(call.integer(1, INT32_MIN, INT32_MAX));
    if (number < 0 || number >= call.keyspace().database_count()) {
        return errors::kDatabaseOutOfRange;
    }
    call.session().database = static_cast<int>(number);
    call.reply().ok();
    return done();
}

// What the client library said about itself (name, version, capabilities) stays.
Status reset(Call& call) {
    Session& session = call.session();
    Engine& engine = call.engine();
    if (session.is(kMonitoring)) {
        engine.monitors().remove(session);
        engine.set_condition(kMonitored, !engine.monitors().empty());
    }
    session.transaction.reset();
    session.subscriptions.reset();
    session.tracking.reset();
    session.set(kInMulti | kDenyBlocking | kSubscribed | kMonitoring, false);
    session.set(kAfterAsking | kNoTouch | kReplyOff | kReplySkipNext | kImportSource, false);
    engine.access().welcome(session);
    session.name.clear();
    session.database = 0;
    session.protocol = 2;
    session.no_evict = false;
    session.reads_from_replica = false;
    // Answered even after CLIENT REPLY OFF.
    call.reply().begin(session.slot(), session.protocol, false);
    call.reply().simple("RESET");
    return done();
}

Status quit(Call& call) {
    call.reply().ok();
    call.engine().clients().close(call.session(), CloseMode::AfterReplies);
    return done();
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::admin::commands::connection::session
