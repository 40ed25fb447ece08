// SPDX-License-Identifier: BSD-3-Clause
#include "engine/engine.h"

#include <algorithm>
#include <utility>

#include "engine/acl/access_control.h"
#include "engine/call.h"
#include "engine/client_limit.h"
#include "engine/dispatch.h"
#include "engine/error_prefix.h"
#include "engine/expired_shown.h"
#include "engine/hot_keys.h"
#include "engine/memory_limit.h"

namespace millrace::engine {

Engine::Engine(const EngineParts& parts)
    : parts_(parts),
      access_(std::make_unique<acl::AccessControl>(*this)),
      memory_limit_(std::make_unique<MemoryLimit>(*this)),
      client_limit_(std::make_unique<ClientLimit>(*this)),
      hot_keys_(std::make_unique<HotKeys>(*this)) {
    parts_.keyspace.set_expiry_listener(this);
    begin_batch();
}

Engine::~Engine() {
    parts_.keyspace.set_expiry_listener(nullptr);
    // While all is there that sessions hold on to: keys that they watch, listeners that go with the
    // last of them.
    for (ClientSlot slot = 0; sessions_.size() > 0; ++slot) {
        if (Session* session = sessions_.at(slot)) forget(*session);
    }
}

void Engine::begin_batch() {
    now_us_ = parts_.time.wall_microseconds();
    const int64_t now_ms = now_us_ / 1000;
    parts_.keyspace.set_now_ms(now_ms);
    parts_.keyspace.access_clock().set_now_ms(now_ms);
    if (memory_limit_->active()) memory_limit_->begin_batch();
}

void Engine::execute(Session& session, Request& request, ReplyLog& log) {
    ReplyWriter writer(log, parts_.keyspace.limbo());
    const uint32_t unusual =
        conditions_ | (session.conditions() & ~kHarmlessConditions) | request.faults;
    if (unusual == 0 && request.kind == RequestKind::Command) [[likely]] {
        writer.begin(session.slot(), session.protocol, false);
        run(session, request, writer);
    } else {
        Dispatch(*this).admit(session, request, writer);
    }
    append_late(log);
    limit_output(session);
    return_prebuilt(request);
    if (blocking_.has_ready() && running_ == nullptr) [[unlikely]]
        blocking_.serve();
}

inline void Engine::append_late(ReplyLog& log) {
    if (late_.empty() || running_ != nullptr) [[likely]]
        return;
    log.append(late_);
    late_.clear();
}

inline bool Engine::is_output_limited(const Session& session) const {
    const OutputLimit& limit = parts_.settings.client_output_buffer_limit.normal;
    return (limit.hard_bytes | limit.soft_bytes | (conditions_ & kClientsLimited)) != 0 ||
           session.is(kUnauthenticated | kSubscribed);
}

inline void Engine::limit_output(Session& session) {
    if (is_output_limited(session)) [[unlikely]]
        Dispatch(*this).check_output(session);
}

void Engine::execute_nested(Session& session, Request& request, ReplyWriter& writer) {
    const uint64_t begin = CycleClock::now();
    const uint64_t produced_before = writer.produced();
    Call call(*this, session, request, writer);
    const bool failed = !invoke(call);
    ++running_->commands;
    account(session, request, writer.produced() - produced_before, CycleClock::now() - begin,
            failed);
    return_prebuilt(request);
}

// Runs a handler that may run, and all that comes of it.
void Engine::run(Session& session, Request& request, ReplyWriter& writer) {
    const uint64_t begin = CycleClock::now();
    session.last_command = request.command;
    session.last_interaction_ms = now_ms();
    if (is_output_limited(session)) [[unlikely]]
        writer.limit_to(Dispatch(*this).output_room(session));
    Call call(*this, session, request, writer);
    const bool failed = !invoke_unit(call);
    session.produced_bytes += writer.produced();
    if (call.waits_) [[unlikely]]
        return;
    ++session.commands;
    account(session, request, writer.produced(), CycleClock::now() - begin, failed);
}

// What CLIENT CACHING said holds for one command, or one transaction.
void Engine::end_caching(Session& session, const Request& request) {
    const Command* command = request.command->parent();
    const bool is_client_command = command != nullptr && command->full_name() == "client";
    if (session.is(kInMulti) || is_client_command) return;
    TrackingState::find(session)->caching = TrackingState::Caching::Unsaid;
}

// Runs the handler of a client's own request; its effects, with those of requests inside of it, are
// one unit.
inline bool Engine::invoke_unit(Call& call) {
    Session& session = call.session_;
    // Another request may be under way: that of a script which lets others be told that it is busy.
    Session* const outer = std::exchange(running_, &session);
    const bool succeeded = invoke(call);
    if (effects_.wanted() && outer == nullptr) effects_.end_unit();
    running_ = outer;
    if (session.is(kTracking)) [[unlikely]]
        end_caching(session, call.request_);
    return succeeded;
}

// Runs a handler, answers its error and notes its effects; false if it failed.
inline bool Engine::invoke(Call& call) {
    const uint64_t dirty_before = counters_.dirty;
    const uint64_t replies_before = call.reply_.replies();
    ++nesting_;
    const Status status = call.command().spec().run(call);
    --nesting_;
    if (!status.ok()) {
        CHECK(call.reply_.replies() == replies_before);
        call.reply_.error(status.error().text());
        if (!call.error_counted_) count_error(status.error().text());
    } else {
        CHECK(call.reply_.replies() != replies_before || call.replies_later_ || call.waits_);
    }
    if (effects_.wanted() && counters_.dirty != dirty_before &&
        call.propagation_ == Call::Propagation::AsItCame) {
        effects_.record(call.session_.database, call.request_.arguments());
    }
    if (running_->is(kTracking) && call.command().has(kReadOnly)) [[unlikely]]
        tracking_.remember(*running_, call.request_);
    // Compat: monitors see a command after it has run: SELECT with its new database, secrets
    // redacted. One that waits is shown when it begins to.
    if ((conditions_ & kMonitored) != 0 && !call.runs_again_) [[unlikely]]
        Dispatch(*this).show_monitors(call.session_, call.request_);
    return status.ok();
}

bool Engine::execute_again(Session& session, Request& request, ReplyLog& log) {
    const uint64_t begin = CycleClock::now();
    ReplyWriter writer(log, parts_.keyspace.limbo());
    writer.begin(session.slot(), session.protocol, session.is(kReplyOff));
    if (session.is(kRestricted)) [[unlikely]] {
        const std::string refusal = access_->refusal_of(session, request, session.database);
        if (!refusal.empty()) {
            Dispatch(*this).reject_waiting(session, request, writer, refusal);
            return false;
        }
    }
    if (is_output_limited(session)) [[unlikely]]
        writer.limit_to(Dispatch(*this).output_room(session));
    const ExpiredShown shown(*this, session);
    Call call(*this, session, request, writer);
    call.runs_again_ = true;
    const bool failed = !invoke_unit(call);
    append_late(log);
    if (call.waits_) return true;
    ++session.commands;
    session.last_interaction_ms = now_ms();
    session.produced_bytes += writer.produced();
    account(session, request, writer.produced(), CycleClock::now() - begin, failed);
    limit_output(session);
    return false;
}

void Engine::answer_waiting(Session& session, Request& request, void (*answer)(ReplyWriter&),
                            std::string_view error) {
    ReplyWriter writer(clients_->log_for(session), parts_.keyspace.limbo());
    writer.begin(session.slot(), session.protocol, session.is(kReplyOff));
    if (answer != nullptr) {
        answer(writer);
    } else {
        reply_error(writer, error);
    }
    session.last_interaction_ms = now_ms();
    session.produced_bytes += writer.produced();
    // Compat: a wait that is ended with an error counts as a rejected call.
    if (answer == nullptr) ++request.command->statistics().rejected_calls;
    account(session, request, writer.produced(), 0, false);
}

int64_t Engine::attend_waiting(int64_t wait_us) {
    if (blocking_.timed_clients() != 0) [[unlikely]] {
        begin_batch();
        blocking_.expire();
        if (const auto next_ms = blocking_.next_deadline_ms()) {
            // In milliseconds first: those of a deadline at the end of time are no microseconds.
            const int64_t near_ms = std::min(*next_ms, (now_us_ + wait_us) / 1000 + 1);
            wait_us = std::min(wait_us, std::max<int64_t>(near_ms * 1000 - now_us_, 0));
        }
    }
    // Keys may have expired since the last command.
    if (blocking_.has_ready()) [[unlikely]]
        blocking_.serve();
    return runnable_.empty() ? wait_us : 0;
}

void Engine::account(Session& session, Request& request, uint64_t reply_bytes, uint64_t cycles,
                     bool failed) {
    ++counters_.commands_processed;
    const uint64_t nanoseconds = CycleClock::to_nanoseconds(cycles);
    const auto microseconds = static_cast<int64_t>(nanoseconds / 1000);
    CommandStatistics& statistics = request.command->statistics();
    ++statistics.calls;
    statistics.microseconds_x1024 += nanoseconds * 1024 / 1000;
    if (failed) ++statistics.failed_calls;
    if (parts_.settings.latency_tracking) {
        if (statistics.latency == nullptr)
            statistics.latency = std::make_unique<observe::Histogram>();
        statistics.latency->record(nanoseconds);
    }

    using observe::CommandLogKind;
    observe::CommandLog& log = parts_.command_log;
    const bool loggable =
        microseconds >= log.threshold(CommandLogKind::Slow) ||
        request.wire_bytes >= log.threshold(CommandLogKind::LargeRequest) ||
        static_cast<int64_t>(reply_bytes) >= log.threshold(CommandLogKind::LargeReply);
    if (loggable) [[unlikely]]
        Dispatch(*this).log_command(session, request, microseconds, reply_bytes);
    if (microseconds >= 1000) [[unlikely]] {
        const char* event = request.command->has(kFast) ? "fast-command" : "command";
        parts_.latency.record(event, now_us_ / 1000000, microseconds / 1000);
        hot_keys_->note_slow(session, request, nanoseconds, reply_bytes);
        // Time stands still inside of EXEC and scripts.
        if (nesting_ == 0) begin_batch();
    }
}

void Engine::reply_error(ReplyWriter& writer, std::string_view text) {
    writer.error(text);
    count_error(text);
}

void Engine::count_error(std::string_view text) {
    ++counters_.error_replies;
    const std::string_view prefix = error_prefix(text);
    const auto found = counters_.errors_by_prefix.find(prefix);
    if (found != counters_.errors_by_prefix.end()) {
        ++found->second;
    } else {
        counters_.errors_by_prefix.emplace(prefix, 1);
    }
}

void Engine::return_prebuilt(Request& request) {
    if (request.prebuilt == nullptr || request.kind != RequestKind::Command) return;
    // Nobody has seen it, but it may have come from another thread's heap; limbo knows the way
    // home.
    parts_.keyspace.retire(static_cast<keyspace::Entry*>(std::exchange(request.prebuilt, nullptr)));
}

// --- changes ---

uint64_t Engine::flags_of(const Request& request) {
    const FlagFinder find_flags = request.command->spec().find_flags;
    return find_flags == nullptr ? request.command->flags() : find_flags(*this, request);
}

void Engine::key_changed(std::string_view key, int db) {
    for (KeyChangeListener* listener : change_listeners_) listener->on_key_change(key, db);
    blocking_.key_changed(key, db);
}

void Engine::databases_flushed(int begin, int end) {
    for (KeyChangeListener* listener : change_listeners_) listener->on_flush(begin, end);
    for (int db = begin; db < end; ++db) blocking_.key_changed({}, db);
}

void Engine::databases_swapped(int first, int second) {
    for (KeyChangeListener* listener : change_listeners_) listener->on_swap(first, second);
    for (int db : {first, second}) blocking_.key_changed({}, db);
}

void Engine::add_event_listener(KeyEventListener* listener, uint32_t classes) {
    event_listeners_.push_back({listener, classes});
    event_mask_ |= classes;
}

void Engine::remove_event_listener(KeyEventListener* listener) {
    std::erase_if(event_listeners_,
                  [&](const Subscription& each) { return each.listener == listener; });
    event_mask_ = 0;
    for (const Subscription& each : event_listeners_) event_mask_ |= each.classes;
}

void Engine::deliver(EventClass event_class, std::string_view event, std::string_view key, int db) {
    for (const Subscription& each : event_listeners_) {
        if ((each.classes & static_cast<uint32_t>(event_class)) != 0) {
            each.listener->on_key_event(event_class, event, key, db);
        }
    }
}

void Engine::on_expired(int db, const keyspace::Entry& entry) {
    const std::string_view key = entry.key();
    key_changed(key, db);
    emit(EventClass::Expired, "expired", key, db);
    // Not counted as a change: else a read that meets an expired key would be propagated as if it
    // had written.
    if (!effects_.wanted()) return;
    effects_.record(db, {parts_.settings.lazyfree_expire ? "UNLINK" : "DEL", key});
}

void Engine::on_members_expired(int db, const keyspace::Entry& entry,
                                std::span<const std::string> members) {
    const std::string_view key = entry.key();
    const bool emptied = entry.collection()->size() == 0;
    key_changed(key, db);
    emit(EventClass::Hash, "hexpired", key, db);
    if (emptied) emit(EventClass::Generic, "del", key, db);
    if (!effects_.wanted()) return;
    std::vector<std::string_view> words = {"HDEL", key};
    words.insert(words.end(), members.begin(), members.end());
    effects_.record(db, words);
    if (emptied) effects_.record(db, {parts_.settings.lazyfree_expire ? "UNLINK" : "DEL", key});
}

// --- deferral ---

void Engine::defer(Session& session, Request& request) {
    session.deferred.emplace_back(request, parts_.keyspace);
    session.set(kDeferring, true);
}

void Engine::wake(Session& session) {
    runnable_.emplace_back(session.slot(), session.generation());
}

void Engine::end_turn() {
    run_deferred();
    tracking_.flush_broadcasts();
    if (client_limit_->active()) [[unlikely]]
        client_limit_->end_turn();
}

void Engine::run_deferred() {
    if (runnable_.empty()) return;
    std::vector<std::pair<ClientSlot, uint32_t>> runnable = std::exchange(runnable_, {});
    for (const auto& [slot, generation] : runnable) {
        Session* session = sessions_.find(slot, generation);
        if (session == nullptr) continue;
        session->set(kDeferring, false);
        while (!session->deferred.empty() && !session->is(kBlocked | kClosing | kDeferring)) {
            OwnedRequest next = std::move(session->deferred.front());
            session->deferred.pop_front();
            execute(*session, next.request, clients_->log_for(*session));
            session = sessions_.find(slot, generation);
            if (session == nullptr) break;
        }
        if (session != nullptr && !session->deferred.empty()) session->set(kDeferring, true);
    }
}

void Engine::forget(Session& session) {
    blocking_.forget(session);
    client_limit_->forget(session);
    monitors_.remove(session);
    if (monitors_.empty()) set_condition(kMonitored, false);
    access_->forget(session);
    sessions_.destroy(session);
}

}  // namespace millrace::engine
