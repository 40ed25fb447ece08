// SPDX-License-Identifier: BSD-3-Clause
//
// Who may do what: the users of this server, what was refused to them, and which user each client
// is.
//
// A session whose user may do everything has no condition and is never checked. Others are
// kRestricted, which is kept in step here whenever a user changes.
//
// Owner:   the engine; it outlives all sessions.
// Threads: main thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/acl/check.h"
#include "engine/acl/log.h"
#include "engine/acl/user_lines.h"

namespace millrace::engine {
class Engine;
class Session;
struct Request;
}  // namespace millrace::engine

namespace millrace::engine::acl {

class AccessControl {
public:
    explicit AccessControl(Engine& engine);

    RuleContext context() const;

    // --- users ---

    const UserTable& users() const { return users_; }
    // Null if there is none.
    std::shared_ptr<User> find(std::string_view name) const;
    const User& default_user() const { return *default_user_; }
    // Clients need not log in.
    bool is_open() const { return default_user_->enabled() && default_user_->has_no_password(); }

    // Adds the user, or changes the one of its name. Subscribers that lost a channel are closed.
    void put(User user);
    // Its clients are closed. False: there is none of this name.
    bool remove(std::string_view name);
    // Takes others in the place of all; the default user becomes new if it is not among them.
    // Clients of users that are gone, and subscribers that lost a channel, are closed.
    void replace_all(UserTable users);
    // `requirepass`; empty: none is needed.
    void set_default_password(std::string_view password);

    // --- clients ---

    // A new client, or one that starts anew.
    void welcome(Session& session);
    // Has logged in once, though it may have started anew since: it is no stranger.
    bool is_acquaintance(const Session& session) const;
    // The session is going.
    void forget(const Session& session);
    // AUTH and HELLO; `object` is the command as it was sent.
    Status log_in(Session& session, std::string_view name, std::string_view password,
                  std::string_view object);

    // --- checks ---

    Attempt attempt_of(const Request& request, int database) const;
    // What the session's user may not do of it, counted and logged. `client` is who asked: the
    // session itself, or the one whose script runs.
    std::optional<Denial> refuse(const Session& session, Session& client, const Attempt& attempt,
                                 LogContext context);
    // The same for a request of the session, as an error reply; empty if it may run.
    std::string refusal_of(Session& session, const Request& request, int database);
    bool may_read_all_keys(const Session& session, const Attempt& attempt) const;

    AclLog& log() { return log_; }

    // How a client is described in logs: its line of CLIENT LIST.
    using Describe = std::string (*)(Engine& engine, const Session& session, bool hides_user_data);
    void set_description(Describe describe) { describe_ = describe; }
    std::string description(const Session& session, bool hides_user_data) const {
        return describe_ == nullptr ? "" : describe_(engine_, session, hides_user_data);
    }

private:
    void settle_all();
    void settle(Session& session);
    void close_if_deaf(Session& session);
    void close(Session& session);
    void note(LogReason reason, LogContext context, std::string_view object, std::string_view user,
              Session& client);

    Engine& engine_;
    UserTable users_;
    std::shared_ptr<User> default_user_;
    AclLog log_;
    Describe describe_ = nullptr;
    std::set<uint64_t> acquaintances_;  // IDs of sessions that are logged in no more.
};

}  // namespace millrace::engine::acl
