// SPDX-License-Identifier: BSD-3-Clause
//
// Writes the lines.

#include "admin/client/listing.h"

#include <algorithm>
#include <memory>

#include "base/append.h"
#include "engine/acl/user.h"

namespace millrace::admin::client {

using engine::Session;
using engine::SessionSummary;

ClientType client_type(const Session& session) {
    return session.is(engine::kSubscribed) ? ClientType::PubSub : ClientType::Normal;
}

bool is_waiting(const Session& session) {
    return session.is(engine::kBlocked) ||
           (session.is(engine::kDeferring) && !session.deferred.empty());
}

std::string client_flags(const Session& session, const SessionSummary& summary) {
    const struct {
        bool on;
        char letter;
    } kLetters[] = {
        {session.is(engine::kMonitoring), 'O'},
        {session.is(engine::kSubscribed), 'P'},
        {session.is(engine::kInMulti), 'x'},
        {is_waiting(session), 'b'},
        {summary.tracking, 't'},
        {summary.tracking_redirect_broken, 'R'},
        {summary.tracking_broadcasts, 'B'},
        {summary.watched_key_changed, 'd'},
        {session.is(engine::kClosing), 'c'},
        {session.peer.unix_socket, 'U'},
        {session.reads_from_replica, 'r'},
        {session.no_evict, 'e'},
        {session.is(engine::kNoTouch), 'T'},
        {session.is(engine::kImportSource), 'I'},
    };
    std::string flags;
    for (const auto& each : kLetters) {
        if (each.on) flags += each.letter;
    }
    return flags.empty() ? "N" : flags;
}

std::string client_capabilities(const Session& session) {
    return session.capa_redirect ? "r" : "";
}

namespace {

// The command that runs or waits, else the last one that ran.
std::string_view command_name(const Session& session) {
    const engine::Command* command = session.last_command;
    if (is_waiting(session) && !session.deferred.empty()) {
        command = session.deferred.front().request.command;
    }
    return command != nullptr ? std::string_view(command->full_name()) : "NULL";
}

uint64_t bytes_of(std::span<const std::string_view> words) {
    uint64_t bytes = 0;
    for (const std::string_view word : words) bytes += word.size();
    return bytes;
}

}  // namespace

std::string_view user_name(const Session& session) {
    return session.user == nullptr ? "(superuser)" : std::string_view(session.user->name());
}

void append_client_line(std::string& out, engine::Engine& engine, const Session& session,
                        engine::Call* call, bool hides_user_data) {
    constexpr auto kRelaxed = std::memory_order_relaxed;
    const auto shown = [hides_user_data](std::string_view text) {
        return hides_user_data ? "*redacted*" : text;
    };
    const bool is_caller = call != nullptr && &session == &call->session();
    const SessionSummary summary = summarise(session);
    const ClientMemory memory = client_memory(session, summary);
    const engine::Traffic& traffic = *session.traffic;
    const int64_t age_ms = engine.now_ms() - session.created_ms;
    const int64_t idle_ms = engine.now_ms() - session.last_interaction_ms;
    append(out, "id=", session.id(), " addr=", session.peer.address,
           " laddr=", session.peer.local_address, " fd=", session.peer.descriptor,
           " name=", shown(session.name), " age=", age_ms / 1000, " idle=", idle_ms / 1000);
    append(out, " flags=", client_flags(session, summary), " capa=", client_capabilities(session),
           " db=", session.database);
    append(out, " sub=", summary.channels, " psub=", summary.patterns,
           " ssub=", summary.shard_channels, " multi=", summary.queued_commands,
           " watch=", summary.watched_keys);
    // Compat: output that waits shows as one list node (oll); there is no small buffer apart (obl).
    const uint64_t argument_bytes = is_caller ? bytes_of(call->arguments()) : memory.arguments;
    append(out, " qbuf=", memory.input_used, " qbuf-free=", memory.input_free,
           " argv-mem=", argument_bytes, " multi-mem=", summary.queued_bytes,
           " rbs=", memory.output_buffer, " rbp=", memory.output_buffer);
    const bool waits = memory.output_waiting != 0;
    append(out, " obl=0 oll=", waits ? '1' : '0', " omem=", memory.output_waiting,
           " tot-mem=", memory.total, " events=", waits ? "rw" : "r");
    append(out, " cmd=", command_name(session), " user=", shown(user_name(session)),
           " redir=", summary.tracking_redirect, " resp=", session.protocol,
           " lib-name=", session.library_name, " lib-ver=", session.library_version);
    append(out, " tot-net-in=", traffic.bytes_read.load(kRelaxed),
           " tot-net-out=", traffic.bytes_written.load(kRelaxed), " tot-cmds=", session.commands);
}

std::string describe_client(engine::Engine& engine, const Session& session, bool hides_user_data) {
    std::string line;
    append_client_line(line, engine, session, nullptr, hides_user_data);
    return line;
}

std::string_view ip_of(std::string_view address) {
    std::string_view ip = address.substr(0, address.rfind(':'));
    if (ip.size() >= 2 && ip.front() == '[' && ip.back() == ']') ip = ip.substr(1, ip.size() - 2);
    return ip;
}

}  // namespace millrace::admin::client
