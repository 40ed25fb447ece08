// SPDX-License-Identifier: BSD-3-Clause
//
// One TCP connection to a server under test.
//
// Threads: one.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "protocol/reply_parser.h"
#include "target.h"

namespace millrace::transcript {

class Connection {
public:
    Connection() = default;
    ~Connection() { close(); }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    Status open(const std::string& host, int port);
    void close();
    bool is_open() const { return socket_ >= 0; }

    void send(std::span<const std::string> words);
    void send(std::initializer_list<std::string> words) {
        send(std::span<const std::string>(words.begin(), words.size()));
    }
    // The next reply, push or request of the stream, if it comes in time.
    Answer receive(int64_t timeout_ms);
    // send() and receive(), with patience.
    Answer ask(std::initializer_list<std::string> words);

    // For what is no reply: a line without its end, and a number of bytes. False if the connection
    // ends.
    bool receive_line(std::string& line, int64_t timeout_ms);
    bool skip(uint64_t bytes, int64_t timeout_ms);

private:
    enum class Filled { More, Late, Ended };
    Filled fill(int64_t deadline_ms);

    int socket_ = -1;
    std::string bytes_;
    protocol::ReplyParser parser_;
};

}  // namespace millrace::transcript
