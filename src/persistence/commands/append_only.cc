// SPDX-License-Identifier: BSD-3-Clause
//
// BGREWRITEAOF and WAITAOF: commands about the append-only file.

#include <array>

#include "engine/append_log.h"
#include "engine/command.h"

namespace millrace::persistence::commands::append_only {

using namespace engine;

namespace {

Status bgrewriteaof(Call& call);
Status waitaof(Call& call);

constexpr Arg kWaitArgs[] = {
    {"numlocal", ArgType::Integer},
    {"numreplicas", ArgType::Integer},
    {"timeout", ArgType::Integer},
};
constexpr std::string_view kWaitTips[] = {"request_policy:all_shards", "response_policy:agg_min"};

constexpr CommandSpec kCommands[] = {
    {.name = "BGREWRITEAOF",
     .summary = "Rewrites the append-only file in the background.",
     .since = "1.0.0",
     .group = Group::Server,
     .complexity = "O(1)",
     .arity = 1,
     .flags = kAdmin | kNoScript | kNoAsyncLoading,
     .run = bgrewriteaof},
    {.name = "WAITAOF",
     .summary = "Waits until what the client changed is on disk here and at replicas.",
     .since = "7.2.0",
     .group = Group::Generic,
     .complexity = "O(1)",
     .arity = 4,
     .flags = kBlocking,
     .acl = kAclConnection,
     .args = kWaitArgs,
     .tips = kWaitTips,
     .run = waitaof},
};

constexpr ErrorText kNoDisk{"ERR There is no disk"};
constexpr ErrorText kNotEnabled{
    "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled."};
constexpr ErrorText kLocalOutOfRange{"ERR value is out of range, value must between 0 and 1"};

Status bgrewriteaof(Call& call) {
    AppendLog* log = append_log_of(call.engine().persistence());
    if (log == nullptr) return kNoDisk;
    call.reply().simple(TRY(log->rewrite()));
    return done();
}

void reply_copies(ReplyWriter& reply, int64_t local) {
    reply.array(2);
    reply.integer(local);
    reply.integer(0);
}
void reply_none(ReplyWriter& reply) {
    reply_copies(reply, 0);
}
void reply_local_only(ReplyWriter& reply) {
    reply_copies(reply, 1);
}

// There are no replicas yet, so none of them has a copy.
Status waitaof(Call& call) {
    const int64_t local_wanted = TRY(call.integer(1));
    if (local_wanted < 0 || local_wanted > 1) return kLocalOutOfRange;
    // Compat: what is no number is not positive.
    const Result<int64_t> replicas = call.integer(2);
    if (!replicas.ok() || *replicas < 0) return errors::kNotPositive;
    const int64_t replicas_wanted = *replicas;
    const int64_t deadline_ms = TRY(deadline_in_milliseconds(call, 3));
    AppendLog* log = append_log_of(call.engine().persistence());
    const bool enabled = log != nullptr && log->enabled();
    if (local_wanted > 0 && !enabled) return kNotEnabled;

    const int64_t local = enabled && log->is_local_copy(call.session()) ? 1 : 0;
    if ((local >= local_wanted && replicas_wanted == 0) || !call.may_block()) {
        reply_copies(call.reply(), local);
        return done();
    }
    if (log != nullptr) log->await(call.session());
    return call.block_on({.keys = {&kAppendLogKey, 1},
                          .deadline_ms = deadline_ms,
                          .on_missing = true,
                          .timed_out = local == 1 ? reply_local_only : reply_none});
}

}  // namespace

extern const CommandTable kTable{kCommands};

}  // namespace millrace::persistence::commands::append_only
