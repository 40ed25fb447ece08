// SPDX-License-Identifier: BSD-3-Clause
//
// Writes the lines.

#include "admin/client/listing.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <memory>

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
    const auto sink = std::back_inserter(out);
    fmt::format_to(sink,
                   "id={} addr={} laddr={} fd={} name={} age={} idle={} flags={} capa={} db={}",
                   session.id(), session.peer.address, session.peer.local_address,
                   session.peer.descriptor, shown(session.name), age_ms / 1000, idle_ms / 1000,
                   client_flags(session, summary), client_capabilities(session), session.database);
    fmt::format_to(sink, " sub={} psub={} ssub={} multi={} watch={}", summary.channels,
                   summary.patterns, summary.shard_channels, summary.queued_commands,
                   summary.watched_keys);
    // Compat: output that waits shows as one list node (oll); there is no small buffer apart (obl).
    fmt::format_to(sink, " qbuf={} qbuf-free={} argv-mem={} multi-mem={} rbs={} rbp={}",
                   memory.input_used, memory.input_free,
                   is_caller ? bytes_of(call->arguments()) : memory.arguments, summary.queued_bytes,
                   memory.output_buffer, memory.output_buffer);
    fmt::format_to(sink, " obl=0 oll={} omem={} tot-mem={} events={}",
                   memory.output_waiting != 0 ? 1 : 0, memory.output_waiting, memory.total,
                   memory.output_waiting != 0 ? "rw" : "r");
    fmt::format_to(sink, " cmd={} user={} redir={} resp={} lib-name={} lib-ver={}",
                   command_name(session), shown(user_name(session)), summary.tracking_redirect,
                   session.protocol, session.library_name, session.library_version);
    fmt::format_to(sink, " tot-net-in={} tot-net-out={} tot-cmds={}",
                   traffic.bytes_read.load(kRelaxed), traffic.bytes_written.load(kRelaxed),
                   session.commands);
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
