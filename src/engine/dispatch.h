// SPDX-License-Identifier: BSD-3-Clause
//
// The careful way of a request: a list of named steps, each of which lets it pass, answers it, or
// puts it off.
//
// Owner:   a value, made for one request.
// Threads: main thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/engine.h"

namespace millrace::engine {

// What is said where a container has no such subcommand.
std::string unknown_subcommand_text(const Command& container, std::string_view word);

class Dispatch {
public:
    explicit Dispatch(Engine& engine) : engine_(engine) {}

    // Takes the request through all steps and runs it if every one lets it pass.
    void admit(Session& session, Request& request, ReplyWriter& writer);

    // Puts a command that crossed a threshold into the command logs.
    void log_command(Session& session, const Request& request, int64_t microseconds,
                     uint64_t reply_bytes);

    // Shows a command that has run to those who monitor.
    void show_monitors(Session& session, const Request& request);

    // A command that has waited may not run any more.
    void reject_waiting(Session& session, Request& request, ReplyWriter& writer,
                        std::string_view text);

    // Closes a session that holds more unsent bytes than it may.
    void check_output(Session& session);
    // How many more bytes it may be sent.
    uint64_t output_room(const Session& session) const;

private:
    // Has not said who it is, now or before.
    bool is_stranger(const Session& session) const;

    enum class Verdict : uint8_t { Pass, Ended };
    using Step = Verdict (Dispatch::*)(Session&, Request&, ReplyWriter&);
    static const Step kSteps[];

    Verdict drop_closing(Session& session, Request& request, ReplyWriter& writer);
    void log_protocol_error(const Session& session, const Request& request) const;
    Verdict answer_protocol_error(Session& session, Request& request, ReplyWriter& writer);
    Verdict queue_behind(Session& session, Request& request, ReplyWriter& writer);
    Verdict mute(Session& session, Request& request, ReplyWriter& writer);
    Verdict check_authenticated(Session& session, Request& request, ReplyWriter& writer);
    Verdict check_known(Session& session, Request& request, ReplyWriter& writer);
    Verdict check_transaction(Session& session, Request& request, ReplyWriter& writer);
    Verdict check_permitted(Session& session, Request& request, ReplyWriter& writer);
    Verdict refuse_writes(Session& session, Request& request, ReplyWriter& writer);
    Verdict limit_clients(Session& session, Request& request, ReplyWriter& writer);
    Verdict make_room(Session& session, Request& request, ReplyWriter& writer);
    Verdict check_subscribed(Session& session, Request& request, ReplyWriter& writer);
    Verdict check_loading(Session& session, Request& request, ReplyWriter& writer);
    Verdict check_busy(Session& session, Request& request, ReplyWriter& writer);
    Verdict wait_while_paused(Session& session, Request& request, ReplyWriter& writer);

    bool queues_plainly(const Session& session, const Request& request) const;
    Verdict queue_in_transaction(Session& session, Request& request, ReplyWriter& writer);

    // Answers an error that belongs to a request which did not run.
    Verdict reject(Session& session, Request& request, ReplyWriter& writer, std::string_view text);
    void refuse(Session& session, Request& request, ReplyWriter& writer, std::string_view text);

    Engine& engine_;
};

}  // namespace millrace::engine
