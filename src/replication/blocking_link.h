// SPDX-License-Identifier: BSD-3-Clause
//
// A connection to another server on which the main thread waits, as MIGRATE must: the key leaves
// only when the other side has it, and nobody may see anything in between.
//
// Owner:   whoever talks.
// Threads: main thread; it serves nobody meanwhile.
// Limits:  each call waits for at most the time that open() or set_timeout_ms() was given.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/socket.h"
#include "protocol/reply_parser.h"

namespace millrace::replication {

// One more command at the end of `out`.
void append_command(std::string& out, std::span<const std::string_view> words);

class BlockingLink {
public:
    // Success means only that the connection was not given up: like Valkey's, it may turn out to
    // be refused when something is sent.
    Status open(const std::string& host, const std::string& port, int64_t timeout_ms);
    void set_timeout_ms(int64_t timeout_ms) { timeout_ms_ = timeout_ms; }
    Status send(std::string_view bytes);
    Result<protocol::Reply> receive();

private:
    Status wait_for(short events);

    net::Socket socket_;
    int64_t timeout_ms_ = 0;
    std::string received_;
    protocol::ReplyParser parser_;
};

}  // namespace millrace::replication
