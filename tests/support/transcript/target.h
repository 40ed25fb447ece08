// SPDX-License-Identifier: BSD-3-Clause
//
// What a transcript is run against: an engine in this process, or a server behind a socket.
//
// Threads: one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "protocol/reply_parser.h"

namespace millrace::transcript {

// What came back: a reply, nothing, or the end of the connection.
struct Answer {
    enum class Kind { Reply, Nothing, Closed };
    Kind kind = Kind::Nothing;
    protocol::Reply reply = {};
};

enum class Expects { Something, Nothing };

using Words = std::vector<std::string>;

class Target {
public:
    virtual ~Target() = default;

    // "in-process", "valkey", "millrace": for "! only".
    virtual std::string_view name() const = 0;

    // Everything is gone: keys, clients, changed settings.
    virtual Status begin_file() = 0;

    // Sends as `client`, which is connected if it is new, and reads the reply. `expects` tells how
    // long it is worth waiting.
    virtual Answer send(const std::string& client, const Words& words, Expects expects) = 0;
    // Reads what has been sent to `client` of the server's own accord.
    virtual Answer read(const std::string& client, Expects expects) = 0;
    // All clients, also those to come, speak this version.
    virtual Status set_protocol(int version) = 0;

    // What has happened since the last call, as lines of a transcript; none where it cannot be
    // observed.
    virtual std::optional<std::vector<std::string>> take_events() = 0;
    virtual std::optional<std::vector<std::string>> take_effects() = 0;
    virtual Status show_events(const std::string& classes) = 0;

    virtual Status configure(const std::string& name, const std::string& value) = 0;
    virtual void advance(int64_t milliseconds) = 0;
    virtual int64_t now_ms() = 0;
    // How much time may pass between two commands.
    virtual int64_t slack_ms() const = 0;
};

}  // namespace millrace::transcript
