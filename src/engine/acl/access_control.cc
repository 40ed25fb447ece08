// SPDX-License-Identifier: BSD-3-Clause
#include "engine/acl/access_control.h"

#include <algorithm>
#include <utility>

#include "engine/engine.h"

namespace millrace::engine::acl {
namespace {

constexpr std::string_view kDefault = "default";
constexpr ErrorText kWrongPassword{"WRONGPASS invalid username-password pair or user is disabled."};

LogReason log_reason(DenialReason reason) {
    switch (reason) {
        case DenialReason::Database:
            return LogReason::Database;
        case DenialReason::Command:
            break;
        case DenialReason::Key:
            return LogReason::Key;
        case DenialReason::Channel:
            return LogReason::Channel;
    }
    return LogReason::Command;
}

uint64_t& counter_of(DenialReason reason, DenialCounters& counters) {
    switch (reason) {
        case DenialReason::Database:
            return counters.databases;
        case DenialReason::Command:
            break;
        case DenialReason::Key:
            return counters.keys;
        case DenialReason::Channel:
            return counters.channels;
    }
    return counters.commands;
}

bool may_listen(const User& user, std::string_view channel, bool is_pattern) {
    return std::ranges::any_of(user.selectors(), [&](const Selector& each) {
        return each.allows_channel(channel, is_pattern);
    });
}

}  // namespace

AccessControl::AccessControl(Engine& engine) : engine_(engine) {
    default_user_ = std::make_shared<User>(make_default_user(context()));
    users_.emplace(kDefault, default_user_);
}

RuleContext AccessControl::context() const {
    return {.commands = engine_.commands(),
            .all_channels = engine_.settings().acl_pubsub_default == PubsubDefault::AllChannels};
}

// --- users ---

std::shared_ptr<User> AccessControl::find(std::string_view name) const {
    const auto found = users_.find(name);
    return found == users_.end() ? nullptr : found->second;
}

void AccessControl::put(User user) {
    auto found = users_.find(user.name());
    if (found == users_.end()) {
        std::string name = user.name();
        users_.emplace(std::move(name), std::make_shared<User>(std::move(user)));
        return;
    }
    *found->second = std::move(user);
    settle_all();
}

bool AccessControl::remove(std::string_view name) {
    const auto found = users_.find(name);
    if (found == users_.end()) return false;
    const std::shared_ptr<User> removed = std::move(found->second);
    users_.erase(found);
    engine_.sessions().for_each([&](Session& session) {
        if (session.user != removed) return;
        welcome(session);
        session.logged_in = false;
        settle(session);
        close(session);
    });
    return true;
}

void AccessControl::replace_all(UserTable users) {
    users_ = std::move(users);
    auto& kept = users_[std::string(kDefault)];
    if (kept == nullptr) kept = std::make_shared<User>(make_default_user(context()));
    default_user_ = kept;
    engine_.sessions().for_each([&](Session& session) {
        if (session.user == nullptr) return;
        const auto found = users_.find(session.user->name());
        const bool gone = found == users_.end();
        session.user = gone ? default_user_ : found->second;
        if (gone) close(session);
    });
    settle_all();
}

void AccessControl::set_default_password(std::string_view password) {
    User changed = *default_user_;
    CHECK(changed.apply("resetpass", context()).ok());
    const std::string rule = password.empty() ? "nopass" : ">" + std::string(password);
    CHECK(changed.apply(rule, context()).ok());
    put(std::move(changed));
}

// --- clients ---

void AccessControl::welcome(Session& session) {
    if (session.logged_in) acquaintances_.insert(session.id());
    session.user = default_user_;
    session.logged_in = is_open();
    settle(session);
}

bool AccessControl::is_acquaintance(const Session& session) const {
    return acquaintances_.contains(session.id());
}

void AccessControl::forget(const Session& session) {
    acquaintances_.erase(session.id());
}

void AccessControl::settle(Session& session) {
    const bool was_stranger = session.is(kUnauthenticated);
    session.set(kUnauthenticated, !session.logged_in && !is_open());
    session.set(kRestricted, session.user != nullptr && !session.user->is_unlimited());
    if (was_stranger && !session.is(kUnauthenticated)) engine_.clients().rules_changed(session);
}

void AccessControl::settle_all() {
    engine_.sessions().for_each([this](Session& session) {
        if (session.user == nullptr) return;
        settle(session);
        close_if_deaf(session);
    });
}

void AccessControl::close(Session& session) {
    // Who did it to himself is told first that it is done.
    const bool is_caller = &session == engine_.running();
    engine_.clients().close(session, is_caller ? CloseMode::AfterReplies : CloseMode::Now);
}

// A subscriber must still be allowed to listen to everything that it listens to.
void AccessControl::close_if_deaf(Session& session) {
    const Subscriptions* subscriptions = Subscriptions::find(session);
    if (subscriptions == nullptr || session.is(kClosing)) return;
    for (const auto kind : {PubSub::Kind::Channel, PubSub::Kind::Pattern, PubSub::Kind::Shard}) {
        for (const std::string& name : subscriptions->names(kind)) {
            if (!may_listen(*session.user, name, kind == PubSub::Kind::Pattern))
                return close(session);
        }
    }
}

Status AccessControl::log_in(Session& session, std::string_view name, std::string_view password,
                             std::string_view object) {
    const std::shared_ptr<User> user = find(name);
    if (user == nullptr || !user->enabled() || !user->is_password(password)) {
        ++engine_.counters().denials.logins;
        const LogContext context = session.is(kInMulti) ? LogContext::Multi : LogContext::TopLevel;
        note(LogReason::Login, context, object, name, session);
        return kWrongPassword;
    }
    session.user = user;
    session.logged_in = true;
    settle(session);
    return done();
}

// --- checks ---

Attempt AccessControl::attempt_of(const Request& request, int database) const {
    return {.command = *request.command,
            .arguments = request.arguments(),
            .database = database,
            .database_count = engine_.keyspace().database_count()};
}

std::optional<Denial> AccessControl::refuse(const Session& session, Session& client,
                                            const Attempt& attempt, LogContext context) {
    if (!session.is(kRestricted)) return std::nullopt;
    const std::optional<Denial> denial = find_denial(*session.user, attempt);
    if (!denial) return std::nullopt;
    ++counter_of(denial->reason, engine_.counters().denials);
    note(log_reason(denial->reason), context, object_of(*denial, attempt), session.user->name(),
         client);
    return denial;
}

std::string AccessControl::refusal_of(Session& session, const Request& request, int database) {
    const Attempt attempt = attempt_of(request, database);
    const LogContext context = session.is(kInMulti) ? LogContext::Multi : LogContext::TopLevel;
    const std::optional<Denial> denial = refuse(session, session, attempt, context);
    return denial ? "NOPERM " + denial_text(*denial, *session.user, attempt) : std::string();
}

// As the user may see what no argument names. The same selector must allow the command.
bool AccessControl::may_read_all_keys(const Session& session, const Attempt& attempt) const {
    if (!session.is(kRestricted)) return true;
    return std::ranges::any_of(session.user->selectors(), [&](const Selector& each) {
        return each.commands().allows(attempt.command, attempt.arguments) &&
               each.allows_all_keys(kReadKey);
    });
}

void AccessControl::note(LogReason reason, LogContext context, std::string_view object,
                         std::string_view user, Session& client) {
    AclLog::Entry entry{.reason = reason,
                        .context = context,
                        .object = std::string(object),
                        .user = std::string(user),
                        .client = description(client, false)};
    log_.add(std::move(entry), engine_.now_ms(),
             static_cast<size_t>(engine_.settings().acllog_max_len));
}

}  // namespace millrace::engine::acl
