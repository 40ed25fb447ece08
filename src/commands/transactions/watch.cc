// SPDX-License-Identifier: BSD-3-Clause
//
// WATCH, UNWATCH: a transaction that runs only if these keys stay as they are.

#include "engine/command.h"
#include "engine/transaction.h"

namespace millrace::commands::transactions::watch {
namespace {

using namespace engine;

Status watch(Call& call);
Status unwatch(Call& call);

constexpr KeySpec kWatchKeys[] = {{.first = 1, .last = -1, .flags = kRO}};
constexpr Arg kWatchArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0, .flags = kMultiple},
};

constexpr CommandSpec kCommands[] = {
    {.name = "WATCH",
     .summary = "Makes the next EXEC do nothing if one of these keys changes before it.",
     .since = "2.2.0",
     .group = Group::Transactions,
     .complexity = "O(1) a key.",
     .arity = -2,
     .flags = kNoScript | kLoading | kStale | kFast | kNoMulti | kAllowBusy,
     .keys = kWatchKeys,
     .args = kWatchArgs,
     .run = watch},
    {.name = "UNWATCH",
     .summary = "Forgets all watched keys.",
     .since = "2.2.0",
     .group = Group::Transactions,
     .complexity = "O(1)",
     .arity = 1,
     .flags = kNoScript | kLoading | kStale | kFast | kAllowBusy,
     .run = unwatch},
};

Status watch(Call& call) {
    TransactionState& transaction =
        TransactionState::of(call.session(), call.engine().watched_keys());
    // EXEC will do nothing anyway once a key has changed.
    for (size_t at = 1; at < call.count() && !transaction.touched(); ++at) {
        transaction.watch(call.db(), call.arg(at));
    }
    call.reply().ok();
    return done();
}

Status unwatch(Call& call) {
    TransactionState* transaction = TransactionState::find(call.session());
    if (transaction != nullptr) transaction->unwatch();
    call.reply().ok();
    return done();
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::transactions::watch
