// SPDX-License-Identifier: BSD-3-Clause
//
// CLIENT PAUSE, UNPAUSE, REPLY, UNBLOCK: whether and when clients are answered.

#include "admin/client/handlers.h"
#include "base/numbers.h"
#include "engine/pause.h"

namespace millrace::admin::client {

using engine::Call;
using engine::Pause;
using engine::Session;

Status pause(Call& call) {
    // Compat: words after the mode are ignored.
    Pause::Mode mode = Pause::Mode::All;
    if (call.count() > 3) {
        if (call.arg_is(3, "WRITE")) {
            mode = Pause::Mode::Writes;
        } else if (!call.arg_is(3, "ALL")) {
            return ErrorText{"ERR CLIENT PAUSE mode must be WRITE or ALL"};
        }
    }
    const auto milliseconds = parse_integer(call.arg(2));
    if (!milliseconds) return ErrorText{"ERR timeout is not an integer or out of range"};
    if (*milliseconds < 0) return ErrorText{"ERR timeout is negative"};
    int64_t until_ms = 0;
    if (__builtin_add_overflow(call.now_ms(), *milliseconds, &until_ms)) {
        return ErrorText{"ERR timeout is out of range"};
    }
    call.engine().pause().begin(call.engine(), mode, until_ms);
    call.reply().ok();
    return done();
}

Status unpause(Call& call) {
    call.engine().pause().end(call.engine());
    call.reply().ok();
    return done();
}

// The dispatcher mutes what these conditions say, but leaves this command itself to us.
Status reply(Call& call) {
    Session& session = call.session();
    const bool off = session.is(engine::kReplyOff);
    if (call.arg_is(2, "ON")) {
        session.set(engine::kReplyOff | engine::kReplySkipNext, false);
        call.reply().begin(session.slot(), session.protocol, false);
        call.reply().ok();
        return done();
    }
    if (call.arg_is(2, "OFF")) {
        session.set(engine::kReplyOff, true);
    } else if (call.arg_is(2, "SKIP")) {
        if (!off) session.set(engine::kReplySkipNext, true);
    } else if (!off) {
        return engine::errors::kSyntax;
    }
    call.reply_later();  // That is, never.
    return done();
}

Status unblock(Call& call) {
    bool with_error = false;
    // Compat: a reason with words behind it is ignored like these.
    if (call.count() == 4) {
        with_error = call.arg_is(3, "ERROR");
        if (!with_error && !call.arg_is(3, "TIMEOUT")) {
            return ErrorText{"ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"};
        }
    }
    const int64_t id = TRY(call.integer(2));
    Session* session =
        id < 1 ? nullptr : call.engine().sessions().find_id(static_cast<uint64_t>(id));
    const bool unblocked = session != nullptr && session->blocked != nullptr &&
                           session->blocked->unblock(call.engine(), *session, with_error);
    call.reply().integer(unblocked ? 1 : 0);
    return done();
}

}  // namespace millrace::admin::client
