// SPDX-License-Identifier: BSD-3-Clause
#include "connection.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

namespace millrace::transcript {
namespace {

constexpr int64_t kPatienceMs = 10'000;

int64_t monotonic_ms() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

}  // namespace

Status Connection::open(const std::string& host, int port) {
    close();
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) {
        return Error("no such host: " + host);
    }
    const int opened = ::socket(found->ai_family, found->ai_socktype | SOCK_CLOEXEC, 0);
    const bool connected = opened >= 0 && connect(opened, found->ai_addr, found->ai_addrlen) == 0;
    freeaddrinfo(found);
    if (!connected) {
        const int code = errno;
        if (opened >= 0) ::close(opened);
        return system_error("connect", code);
    }
    const int on = 1;
    setsockopt(opened, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    socket_ = opened;
    return done();
}

void Connection::close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
    bytes_.clear();
    parser_ = {};
}

void Connection::send(std::span<const std::string> words) {
    std::string request = "*" + std::to_string(words.size()) + "\r\n";
    for (const std::string& word : words) {
        request += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
    }
    std::string_view left = request;
    while (!left.empty() && is_open()) {
        const ssize_t sent = ::send(socket_, left.data(), left.size(), MSG_NOSIGNAL);
        if (sent <= 0) return;  // receive() finds the end.
        left.remove_prefix(static_cast<size_t>(sent));
    }
}

Connection::Filled Connection::fill(int64_t deadline_ms) {
    if (!is_open()) return Filled::Ended;
    pollfd waiting{.fd = socket_, .events = POLLIN, .revents = 0};
    const int64_t left_ms = std::max<int64_t>(deadline_ms - monotonic_ms(), 0);
    if (poll(&waiting, 1, static_cast<int>(left_ms)) <= 0) return Filled::Late;
    char chunk[65536];
    const ssize_t received = recv(socket_, chunk, sizeof chunk, 0);
    if (received <= 0) return Filled::Ended;
    bytes_.append(chunk, static_cast<size_t>(received));
    return Filled::More;
}

Answer Connection::receive(int64_t timeout_ms) {
    const int64_t deadline_ms = monotonic_ms() + timeout_ms;
    for (;;) {
        const auto outcome = parser_.parse(bytes_);
        bytes_.erase(0, parser_.consumed());
        if (outcome == protocol::ReplyParser::Outcome::Reply) {
            return {.kind = Answer::Kind::Reply, .reply = std::move(parser_.reply())};
        }
        const Filled filled =
            outcome == protocol::ReplyParser::Outcome::Error ? Filled::Ended : fill(deadline_ms);
        if (filled == Filled::Late) return {.kind = Answer::Kind::Nothing};
        if (filled == Filled::Ended) {
            close();
            return {.kind = Answer::Kind::Closed};
        }
    }
}

Answer Connection::ask(std::initializer_list<std::string> words) {
    send(words);
    return receive(kPatienceMs);
}

bool Connection::receive_line(std::string& line, int64_t timeout_ms) {
    const int64_t deadline_ms = monotonic_ms() + timeout_ms;
    for (;;) {
        const size_t end = bytes_.find('\n');
        if (end != std::string::npos) {
            line = bytes_.substr(0, end);
            if (line.ends_with('\r')) line.pop_back();
            bytes_.erase(0, end + 1);
            return true;
        }
        if (fill(deadline_ms) != Filled::More) return false;
    }
}

bool Connection::skip(uint64_t bytes, int64_t timeout_ms) {
    const int64_t deadline_ms = monotonic_ms() + timeout_ms;
    while (bytes_.size() < bytes) {
        if (fill(deadline_ms) != Filled::More) return false;
    }
    bytes_.erase(0, bytes);
    return true;
}

}  // namespace millrace::transcript
