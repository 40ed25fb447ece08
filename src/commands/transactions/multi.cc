// SPDX-License-Identifier: BSD-3-Clause
//
// MULTI, EXEC, DISCARD: several commands as one step. The dispatcher queues what comes between.

#include <string>

#include "engine/acl/access_control.h"
#include "engine/command.h"
#include "engine/transaction.h"

namespace millrace::commands::transactions::multi {
namespace {

using namespace engine;

Status multi(Call& call);
Status exec(Call& call);
Status discard(Call& call);

constexpr CommandSpec kCommands[] = {
    {.name = "MULTI",
     .summary = "Begins a transaction; what follows is queued for EXEC.",
     .since = "1.2.0",
     .group = Group::Transactions,
     .complexity = "O(1)",
     .arity = 1,
     .flags = kNoScript | kLoading | kStale | kFast | kNoMulti | kAllowBusy,
     .run = multi},
    {.name = "EXEC",
     .summary = "Runs all commands of a transaction.",
     .since = "1.2.0",
     .group = Group::Transactions,
     .complexity = "That of the commands of the transaction",
     .arity = 1,
     .flags = kNoScript | kLoading | kStale | kSkipCommandLog | kNotQueued,
     .run = exec},
    {.name = "DISCARD",
     .summary = "Gives up a transaction.",
     .since = "2.0.0",
     .group = Group::Transactions,
     .complexity = "O(N), N being the queued commands",
     .arity = 1,
     .flags = kNoScript | kLoading | kStale | kFast | kAllowBusy | kNotQueued,
     .run = discard},
};

constexpr ErrorText kExecWithoutMulti{"ERR EXEC without MULTI"};
constexpr ErrorText kDiscardWithoutMulti{"ERR DISCARD without MULTI"};

Status multi(Call& call) {
    Session& session = call.session();
    TransactionState::of(session, call.engine().watched_keys()).begin(session.database);
    session.set(kInMulti, true);
    call.reply().ok();
    return done();
}

std::string_view reason_of(acl::DenialReason reason) {
    switch (reason) {
        case acl::DenialReason::Command:
            return "no permission to execute the command or subcommand";
        case acl::DenialReason::Key:
            return "no permission to touch the specified keys";
        case acl::DenialReason::Channel:
            return "no permission to access one of the channels used as arguments";
        case acl::DenialReason::Database:
            break;
    }
    return "no permission";
}

// The user may have lost rights since the command was queued.
bool is_refused(Call& call, const Request& request) {
    Session& session = call.session();
    if (!session.is(kRestricted)) return false;
    acl::AccessControl& access = call.engine().access();
    const auto denial =
        access.refuse(session, session, access.attempt_of(request, session.database),
                      acl::LogContext::Multi);
    if (!denial) return false;
    std::string text =
        "NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC "
        "call. This command is no longer allowed for the following reason: ";
    text += reason_of(denial->reason);
    call.engine().reply_error(call.reply(), text);
    return true;
}

void run_queue(Call& call, TransactionState& transaction) {
    Session& session = call.session();
    session.set(kDenyBlocking, true);
    call.reply().array(transaction.queue().size());
    for (OwnedRequest& each : transaction.queue()) {
        if (is_refused(call, each.request)) continue;
        call.engine().execute_nested(session, each.request, call.reply());
    }
    session.set(kDenyBlocking, false);
}

Status exec(Call& call) {
    Session& session = call.session();
    if (!session.is(kInMulti)) return kExecWithoutMulti;
    call.propagate_nothing();  // What it runs is propagated.
    TransactionState& transaction = *TransactionState::find(session);
    if (transaction.refused()) {
        end_transaction(session);
        return errors::kExecAbort;
    }
    if (transaction.touched() || transaction.watches_expired_key()) {
        call.reply().null_array();
    } else {
        transaction.unwatch();  // Else its own changes would cost as if others watched.
        run_queue(call, transaction);
    }
    end_transaction(session);
    return done();
}

Status discard(Call& call) {
    if (!call.session().is(kInMulti)) return kDiscardWithoutMulti;
    end_transaction(call.session());
    call.reply().ok();
    return done();
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::transactions::multi
