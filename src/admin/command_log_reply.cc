// SPDX-License-Identifier: BSD-3-Clause
//
// Reads the arguments and writes the entries.

#include "admin/command_log_reply.h"

#include <algorithm>

#include "base/numbers.h"

namespace millrace::admin {

Result<int64_t> parse_entry_count(engine::Call& call, size_t at) {
    const auto count = parse_integer(call.arg(at));
    if (!count || *count < -1) {
        return ErrorText{"ERR count should be greater than or equal to -1"};
    }
    return *count;
}

Result<observe::CommandLogKind> parse_log_kind(engine::Call& call, size_t at) {
    using observe::CommandLogKind;
    if (call.arg_is(at, "SLOW")) return CommandLogKind::Slow;
    if (call.arg_is(at, "LARGE-REQUEST")) return CommandLogKind::LargeRequest;
    if (call.arg_is(at, "LARGE-REPLY")) return CommandLogKind::LargeReply;
    return ErrorText{"ERR type should be one of the following: slow, large-request, large-reply"};
}

void reply_entries(engine::Call& call, observe::CommandLogKind kind, int64_t count) {
    const auto& entries = call.engine().command_log().entries(kind);
    const size_t shown =
        count < 0 ? entries.size() : std::min(entries.size(), static_cast<size_t>(count));
    engine::ReplyWriter& reply = call.reply();
    reply.array(shown);
    for (size_t i = 0; i < shown; ++i) {
        const observe::CommandLogEntry& entry = entries[i];
        reply.array(6);
        reply.integer(entry.id);
        reply.integer(entry.unix_seconds);
        reply.integer(entry.value);
        reply.array(entry.words.size());
        for (const std::string& word : entry.words) reply.bulk(word);
        reply.bulk(entry.peer);
        reply.bulk(entry.client_name);
    }
}

}  // namespace millrace::admin
