// SPDX-License-Identifier: BSD-3-Clause
//
// CLIENT ID, INFO, LIST, KILL, HELP: who is connected.

#include <string>
#include <vector>

#include "admin/client/filter.h"
#include "admin/client/handlers.h"
#include "admin/client/listing.h"
#include "engine/help.h"

namespace millrace::admin::client {

using engine::Call;
using engine::Session;

Status id(Call& call) {
    call.reply().integer(static_cast<int64_t>(call.session().id()));
    return done();
}

Status info(Call& call) {
    std::string line;
    append_client_line(line, call.engine(), call.session(), &call);
    line += '\n';
    call.reply().verbatim("txt", line);
    return done();
}

Status list(Call& call) {
    const ClientFilter filter = TRY(parse_filter(call, 2));
    std::string lines;
    call.engine().sessions().for_each([&](Session& session) {
        if (session.is(engine::kClosing) || !matches(filter, call, session, false)) return;
        append_client_line(lines, call.engine(), session, &call);
        lines += '\n';
    });
    call.reply().verbatim("txt", lines);
    return done();
}

namespace {

// The caller goes only after it has its answer.
void close(Call& call, Session& session) {
    const bool is_caller = &session == &call.session();
    call.engine().clients().close(
        session, is_caller ? engine::CloseMode::AfterReplies : engine::CloseMode::Now);
}

// The old form names one address, and it may be the caller's own.
Status kill_address(Call& call) {
    Session* found = nullptr;
    call.engine().sessions().for_each([&](Session& session) {
        if (found != nullptr || session.is(engine::kClosing)) return;
        if (session.peer.address == call.arg(2)) found = &session;
    });
    if (found == nullptr) return ErrorText{"ERR No such client"};
    close(call, *found);
    call.reply().ok();
    return done();
}

}  // namespace

Status kill(Call& call) {
    if (call.count() == 3) return kill_address(call);
    const ClientFilter filter = TRY(parse_filter(call, 2));
    std::vector<Session*> doomed;
    call.engine().sessions().for_each([&](Session& session) {
        if (!session.is(engine::kClosing) && matches(filter, call, session, true)) {
            doomed.push_back(&session);
        }
    });
    for (Session* session : doomed) close(call, *session);
    call.reply().integer(static_cast<int64_t>(doomed.size()));
    return done();
}

Status help(Call& call) {
    static constexpr std::string_view kLines[] = {
        "CACHING (YES|NO)",
        "    Says whether the keys of the next command are tracked (OPTIN and OPTOUT modes).",
        "CAPA <capability> [<capability> ...]",
        "    Says what this client can do:",
        "    * REDIRECT: it follows redirections of a standalone replica to its primary.",
        "GETNAME",
        "    Shows the name of this connection.",
        "GETREDIR",
        "    Shows the ID of the client that gets our invalidations; 0: this one, -1: no tracking.",
        "ID",
        "    Shows the ID of this connection.",
        "IMPORT-SOURCE (ON|OFF)",
        "    Says that this client imports data, when import-mode is on.",
        "INFO",
        "    Describes this connection.",
        "KILL <ip:port>",
        "    Closes the connection from this address.",
        "KILL <filter> <value> [<filter> <value> ...]",
        "    Closes the connections that meet all filters; see LIST. SKIPME is YES unless said.",
        "LIST [<filter> <value> ...]",
        "    Describes the connections that meet all filters:",
        "    * ID <id> [<id> ...], NAME <name>, USER <name>",
        "    * TYPE (NORMAL|PRIMARY|REPLICA|PUBSUB), FLAGS <letters>, CAPA <letters>",
        "    * ADDR <ip:port>, LADDR <ip:port>, IP <ip>, DB <number>",
        "    * LIB-NAME <name>, LIB-VER <version>",
        "    * MAXAGE <seconds>, IDLE <seconds>: at least that old, or idle.",
        "    * SKIPME (YES|NO): whether to leave out this connection.",
        "    All but MAXAGE, IDLE and SKIPME have a NOT- form, as in NOT-TYPE.",
        "NO-EVICT (ON|OFF)",
        "    Protects this connection from client eviction.",
        "NO-TOUCH (ON|OFF)",
        "    Keeps the commands of this connection from refreshing what they read.",
        "PAUSE <milliseconds> [WRITE|ALL]",
        "    Makes the commands of all clients wait, or only those that write.",
        "REPLY (ON|OFF|SKIP)",
        "    Turns replies on or off, or leaves out the next one.",
        "SETINFO (LIB-NAME|LIB-VER) <value>",
        "    Names the library of this client and its version.",
        "SETNAME <name>",
        "    Names this connection.",
        "TRACKING (ON|OFF) [REDIRECT <id>] [PREFIX <prefix> ...] [BCAST] [OPTIN] [OPTOUT] [NOLOOP]",
        "    Sets up client-side caching.",
        "TRACKINGINFO",
        "    Shows how client-side caching is set up.",
        "UNBLOCK <id> [TIMEOUT|ERROR]",
        "    Ends the wait of a blocked client as if its time were over, or with an error.",
        "UNPAUSE",
        "    Ends a pause.",
    };
    engine::reply_help(call.reply(), "CLIENT", kLines);
    return done();
}

}  // namespace millrace::admin::client
