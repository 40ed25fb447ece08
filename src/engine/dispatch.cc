// SPDX-License-Identifier: BSD-3-Clause
#include "engine/dispatch.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/token.h"
#include "engine/acl/access_control.h"
#include "engine/client_limit.h"
#include "engine/client_memory.h"
#include "engine/errors.h"
#include "engine/expired_shown.h"
#include "engine/memory_limit.h"
#include "engine/pause.h"
#include "engine/transaction.h"

namespace millrace::engine {
namespace {

// Compat: what Valkey quotes of an unknown command is cut at 128 bytes, word by word.
std::string unknown_command_text(const Request& request) {
    constexpr size_t kQuotedMax = 128;
    const auto words = request.arguments();
    std::string rest;
    for (size_t i = 1; i < words.size() && rest.size() < kQuotedMax; ++i) {
        const size_t room = kQuotedMax - rest.size();
        rest += "'";
        rest += until_zero(words[i]).substr(0, room);
        rest += "' ";
    }
    std::string text = "ERR unknown command '";
    text += until_zero(words[0]).substr(0, kQuotedMax);
    text += "', with args beginning with: ";
    return text + rest;
}

// The arguments, but for secrets.
std::vector<std::string_view> shown_words(const Request& request) {
    const auto arguments = request.arguments();
    std::vector<std::string_view> words(arguments.begin(), arguments.end());
    if (request.redacted == 0) return words;
    for (size_t at = 0; at < words.size(); ++at) {
        const uint64_t bit = uint64_t{1} << (at < 63 ? at : 63);
        if ((request.redacted & bit) != 0) words[at] = "(redacted)";
    }
    return words;
}

// What others are told while the session's script or function runs.
std::string_view busy_text(const Session* running) {
    constexpr std::string_view kBusyFunction =
        "BUSY Valkey is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE.";
    const bool is_function = running != nullptr && running->last_command != nullptr &&
                             running->last_command->full_name().starts_with("fcall");
    return is_function ? kBusyFunction : errors::kBusy.text;
}

// What a browser that was lured here sends: the words of HTTP at the front of a line. Nothing of
// its request may run, since the rest of it may be commands.
bool speaks_http(const Request& request) {
    if ((request.faults & kUnknownCommand) == 0) return false;
    return is_token(request.words[0], "post") || is_token(request.words[0], "host:");
}

// No client: it runs what a log holds, whatever is refused to others.
bool replays(const Session& session) {
    return session.id() == 0;
}

}  // namespace

std::string unknown_subcommand_text(const Command& container, std::string_view word) {
    std::string text = "ERR unknown subcommand '";
    text += until_zero(word).substr(0, 128);
    text += "'. Try ";
    for (char c : container.full_name())
        text += static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
    return text + " HELP.";
}

const Dispatch::Step Dispatch::kSteps[] = {
    &Dispatch::drop_closing,
    &Dispatch::queue_behind,
    &Dispatch::mute,
    &Dispatch::answer_protocol_error,
    &Dispatch::check_authenticated,
    &Dispatch::check_known,
    &Dispatch::check_transaction,
    &Dispatch::check_permitted,
    &Dispatch::limit_clients,
    &Dispatch::make_room,
    &Dispatch::refuse_writes,
    &Dispatch::check_subscribed,
    &Dispatch::check_loading,
    &Dispatch::check_busy,
    &Dispatch::wait_while_paused,
    &Dispatch::queue_in_transaction,
};

// Only that it is inside of MULTI makes this command unusual, and nothing keeps it from being
// queued.
bool Dispatch::queues_plainly(const Session& session, const Request& request) const {
    return (session.conditions() & ~kHarmlessConditions) == kInMulti &&
           (engine_.conditions() | request.faults) == 0 && request.kind == RequestKind::Command &&
           !request.command->has(kNotQueued | kNoMulti);
}

void Dispatch::admit(Session& session, Request& request, ReplyWriter& writer) {
    writer.begin(session.slot(), session.protocol, false);
    if (queues_plainly(session, request)) {
        queue_in_transaction(session, request, writer);
        session.produced_bytes += writer.produced();
        return;
    }
    for (Step step : kSteps) {
        if ((this->*step)(session, request, writer) == Verdict::Ended) {
            session.produced_bytes += writer.produced();
            return;
        }
    }
    const ExpiredShown shown(engine_, session);
    engine_.run(session, request, writer);
}

// A command that is refused inside of MULTI spoils the transaction; a refused EXEC ends it.
void Dispatch::refuse(Session& session, Request& request, ReplyWriter& writer,
                      std::string_view text) {
    TransactionState* transaction =
        session.is(kInMulti) ? TransactionState::find(session) : nullptr;
    if (request.command != nullptr && request.command->full_name() == "exec") {
        if (transaction != nullptr) end_transaction(session);
        if (text.starts_with("ERR ")) text.remove_prefix(4);
        engine_.reply_error(writer,
                            "EXECABORT Transaction discarded because of: " + std::string(text));
        return;
    }
    if (transaction != nullptr) transaction->refuse();
    engine_.reply_error(writer, text);
}

Dispatch::Verdict Dispatch::reject(Session& session, Request& request, ReplyWriter& writer,
                                   std::string_view text) {
    refuse(session, request, writer, text);
    if (request.command != nullptr) ++request.command->statistics().rejected_calls;
    return Verdict::Ended;
}

Dispatch::Verdict Dispatch::drop_closing(Session& session, Request&, ReplyWriter&) {
    return session.is(kClosing) ? Verdict::Ended : Verdict::Pass;
}

// A session that waits for something keeps its later requests in order.
Dispatch::Verdict Dispatch::queue_behind(Session& session, Request& request, ReplyWriter&) {
    if (!session.is(kBlocked | kDeferring)) return Verdict::Pass;
    engine_.defer(session, request);
    return Verdict::Ended;
}

Dispatch::Verdict Dispatch::mute(Session& session, Request& request, ReplyWriter& writer) {
    if (!session.is(kReplyOff | kReplySkipNext)) return Verdict::Pass;
    // CLIENT REPLY ON is answered; everything else is silent. SKIP covers one command.
    const bool is_reply_command =
        request.command != nullptr && request.command->full_name() == "client|reply";
    if (session.is(kReplySkipNext)) {
        session.set(kReplySkipNext, false);
        writer.begin(session.slot(), session.protocol, true);
        return Verdict::Pass;
    }
    if (!is_reply_command) writer.begin(session.slot(), session.protocol, true);
    return Verdict::Pass;
}

void Dispatch::log_protocol_error(const Session& session, const Request& request) const {
    if (log_level() > LogLevel::Verbose || request.word_count < 3) return;
    const config::Setting* setting = engine_.config().find("hide-user-data-from-log");
    const bool hidden = setting == nullptr || setting->print() == "yes";
    log_verbose("Protocol error ({}) from client: {}. Query buffer: {}", request.words[1],
                engine_.access().description(session, hidden),
                hidden ? "*redacted*" : request.words[2]);
}

Dispatch::Verdict Dispatch::answer_protocol_error(Session& session, Request& request,
                                                  ReplyWriter& writer) {
    if (request.kind == RequestKind::Command) {
        if (!speaks_http(request)) return Verdict::Pass;
        log_verbose("Possible SECURITY ATTACK: a client that speaks HTTP was disconnected");
        engine_.clients().close(session, CloseMode::Now);
        return Verdict::Ended;
    }
    if (request.kind == RequestKind::ProtocolError) {
        engine_.reply_error(writer, request.words[0]);
        log_protocol_error(session, request);
        engine_.clients().close(session, CloseMode::AfterReplies);
    } else {
        engine_.clients().close(session, CloseMode::Now);
    }
    return Verdict::Ended;
}

Dispatch::Verdict Dispatch::check_authenticated(Session& session, Request& request,
                                                ReplyWriter& writer) {
    if (!session.is(kUnauthenticated)) return Verdict::Pass;
    if (request.command != nullptr && request.command->has(kNoAuth)) return Verdict::Pass;
    return reject(session, request, writer, errors::kNoAuth.text);
}

Dispatch::Verdict Dispatch::check_known(Session& session, Request& request, ReplyWriter& writer) {
    if (request.faults == 0) return Verdict::Pass;
    if ((request.faults & kUnknownCommand) != 0)
        return reject(session, request, writer, unknown_command_text(request));
    if ((request.faults & kUnknownSubcommand) != 0) {
        // Compat: not counted as a rejected call of the container.
        refuse(session, request, writer,
               unknown_subcommand_text(*request.command, request.words[1]));
        return Verdict::Ended;
    }
    return reject(
        session, request, writer,
        "ERR wrong number of arguments for '" + request.command->full_name() + "' command");
}

Dispatch::Verdict Dispatch::check_transaction(Session& session, Request& request,
                                              ReplyWriter& writer) {
    if (!session.is(kInMulti) || !request.command->has(kNoMulti)) return Verdict::Pass;
    return reject(
        session, request, writer,
        "ERR Command '" + request.command->full_name() + "' not allowed inside a transaction");
}

// Closes the clients that cost most, perhaps this one, where all together cost too much.
Dispatch::Verdict Dispatch::limit_clients(Session& session, Request& request, ReplyWriter&) {
    if ((engine_.conditions() & kClientsLimited) == 0) return Verdict::Pass;
    engine_.client_limit().admit(session, request.wire_bytes);
    return session.is(kClosing) ? Verdict::Ended : Verdict::Pass;
}

// Evicts for any command; refused are only those that may take memory.
Dispatch::Verdict Dispatch::make_room(Session& session, Request& request, ReplyWriter& writer) {
    if ((engine_.conditions() & kMemoryLimited) == 0) return Verdict::Pass;
    if (engine_.memory_limit().make_room()) [[likely]]
        return Verdict::Pass;
    const bool runs_queue = session.is(kInMulti) && request.command->full_name() == "exec";
    const uint64_t flags =
        runs_queue ? TransactionState::find(session)->command_flags() : request.command->flags();
    if ((flags & kDenyOom) == 0) return Verdict::Pass;
    return reject(session, request, writer, errors::kOutOfMemory.text);
}

Dispatch::Verdict Dispatch::check_permitted(Session& session, Request& request,
                                            ReplyWriter& writer) {
    if (!session.is(kRestricted)) return Verdict::Pass;
    // What is queued runs where the SELECTs before it lead.
    const int database =
        session.is(kInMulti) ? TransactionState::find(session)->database() : session.database;
    session.last_command = request.command;
    const std::string refusal = engine_.access().refusal_of(session, request, database);
    return refusal.empty() ? Verdict::Pass : reject(session, request, writer, refusal);
}

void Dispatch::reject_waiting(Session& session, Request& request, ReplyWriter& writer,
                              std::string_view text) {
    engine_.reply_error(writer, text);
    ++request.command->statistics().rejected_calls;
    session.last_interaction_ms = engine_.now_ms();
    session.produced_bytes += writer.produced();
    check_output(session);
}

// While what is written could not be made durable.
Dispatch::Verdict Dispatch::refuse_writes(Session& session, Request& request, ReplyWriter& writer) {
    if ((engine_.conditions() & kWritesRefused) == 0 || replays(session)) return Verdict::Pass;
    const Command& command = *request.command;
    uint64_t flags = command.flags();
    if (session.is(kInMulti) && command.full_name() == "exec") {
        flags = TransactionState::find(session)->command_flags();
    }
    const std::string_view text = engine_.persistence()->write_refusal();
    if ((flags & kWrite) == 0) {
        // Compat: if it is the disk PING is refused as well, so that whoever watches the server
        // notices.
        const bool tells = command.full_name() == "ping" && text.starts_with("MISCONF");
        if (!tells) return Verdict::Pass;
    }
    return reject(session, request, writer, text);
}

Dispatch::Verdict Dispatch::check_subscribed(Session& session, Request& request,
                                             ReplyWriter& writer) {
    if (!session.is(kSubscribed) || session.protocol != 2) return Verdict::Pass;
    if (request.command->has(kWhileSubscribed)) return Verdict::Pass;
    return reject(session, request, writer,
                  "ERR Can't execute '" + request.command->full_name() +
                      "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed "
                      "in this context");
}

Dispatch::Verdict Dispatch::check_loading(Session& session, Request& request, ReplyWriter& writer) {
    if ((engine_.conditions() & kLoadingData) == 0 || request.command->has(kLoading) ||
        replays(session))
        return Verdict::Pass;
    return reject(session, request, writer, errors::kLoading.text);
}

Dispatch::Verdict Dispatch::check_busy(Session& session, Request& request, ReplyWriter& writer) {
    if ((engine_.conditions() & kScriptBusy) == 0 || request.command->has(kAllowBusy))
        return Verdict::Pass;
    return reject(session, request, writer, busy_text(engine_.running()));
}

Dispatch::Verdict Dispatch::wait_while_paused(Session& session, Request& request, ReplyWriter&) {
    if ((engine_.conditions() & kClientsPaused) == 0) return Verdict::Pass;
    uint64_t flags = engine_.flags_of(request);
    if (session.is(kInMulti) && request.command->full_name() == "exec") {
        flags = TransactionState::find(session)->command_flags();
    }
    if (!engine_.pause().holds(*request.command, flags)) return Verdict::Pass;
    engine_.defer(session, request);
    engine_.pause().add_waiting(session);
    return Verdict::Ended;
}

Dispatch::Verdict Dispatch::queue_in_transaction(Session& session, Request& request,
                                                 ReplyWriter& writer) {
    if (!session.is(kInMulti) || request.command->has(kNotQueued)) return Verdict::Pass;
    TransactionState::find(session)->enqueue(request, engine_.keyspace(),
                                             engine_.flags_of(request));
    writer.constant(wire::kQueued);
    return Verdict::Ended;
}

void Dispatch::show_monitors(Session& session, const Request& request) {
    if (request.command->has(kSkipMonitor | kAdmin)) return;
    engine_.monitors().feed(engine_.now_us(), session.database, session.peer.address,
                            shown_words(request), engine_.sessions(), engine_.clients());
}

void Dispatch::log_command(Session& session, const Request& request, int64_t microseconds,
                           uint64_t reply_bytes) {
    if (request.command->has(kSkipCommandLog)) return;
    using observe::CommandLogKind;
    observe::CommandLog& log = engine_.command_log();
    const std::vector<std::string_view> words = shown_words(request);
    // What a script runs, its client runs.
    const Session* const running = engine_.running();
    const Session& client = session.id() == 0 && running != nullptr ? *running : session;
    const int64_t values[] = {microseconds, request.wire_bytes, static_cast<int64_t>(reply_bytes)};
    for (CommandLogKind kind :
         {CommandLogKind::Slow, CommandLogKind::LargeRequest, CommandLogKind::LargeReply}) {
        const int64_t value = values[static_cast<size_t>(kind)];
        if (value < log.threshold(kind)) continue;
        log.add(kind, engine_.now_us() / 1000000, value, words, client.peer.address, client.name);
    }
}

namespace {

// Compat: whoever has not authenticated gets a kibibyte.
constexpr uint64_t kUnauthenticatedBytesMax = 1024;

}  // namespace

bool Dispatch::is_stranger(const Session& session) const {
    return session.is(kUnauthenticated) && !engine_.access().is_acquaintance(session);
}

uint64_t Dispatch::output_room(const Session& session) const {
    const OutputLimits& limits = engine_.settings().client_output_buffer_limit;
    const OutputLimit& limit = session.is(kSubscribed) ? limits.pubsub : limits.normal;
    uint64_t bytes_max = limit.hard_bytes > 0 ? limit.hard_bytes : UINT64_MAX;
    if (is_stranger(session)) bytes_max = std::min(bytes_max, kUnauthenticatedBytesMax);
    return bytes_max - std::min(output_held(session), bytes_max);
}

void Dispatch::check_output(Session& session) {
    const OutputLimits& limits = engine_.settings().client_output_buffer_limit;
    const OutputLimit& limit = session.is(kSubscribed) ? limits.pubsub : limits.normal;
    const uint64_t held = output_held(session);
    // Compat: DEBUG CLIENT-ENFORCE-REPLY-LIST makes every reply count as a whole block.
    const bool in_blocks = engine_.debug_switches().reply_list_only;
    const bool stranger = is_stranger(session) && held > (in_blocks ? 0 : kUnauthenticatedBytesMax);
    const bool over_hard = limit.hard_bytes > 0 && held > limit.hard_bytes;
    bool over_soft = false;
    if (limit.soft_bytes > 0 && held > limit.soft_bytes) {
        if (session.over_soft_limit_since_ms == 0)
            session.over_soft_limit_since_ms = engine_.now_ms();
        over_soft = engine_.now_ms() - session.over_soft_limit_since_ms > limit.soft_seconds * 1000;
    } else {
        session.over_soft_limit_since_ms = 0;
    }
    if ((!stranger && !over_hard && !over_soft) || session.is(kClosing)) {
        if ((engine_.conditions() & kClientsLimited) != 0) engine_.client_limit().note(session);
        return;
    }
    ++engine_.server().net.closed_for_output_limit;
    engine_.clients().close(session, CloseMode::Now);
}

}  // namespace millrace::engine
