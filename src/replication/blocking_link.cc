// SPDX-License-Identifier: BSD-3-Clause
#include "replication/blocking_link.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <memory>

namespace millrace::replication {
namespace {

struct FreeAddresses {
    void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

Result<Addresses> resolve(const std::string& host, const std::string& port) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    const int code = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &list);
    if (code != 0) return Error(std::string(::gai_strerror(code)));
    return Addresses(list);
}

}  // namespace

void append_command(std::string& out, std::span<const std::string_view> words) {
    out += "*" + std::to_string(words.size()) + "\r\n";
    for (std::string_view word : words) {
        out += "$" + std::to_string(word.size()) + "\r\n";
        out += word;
        out += "\r\n";
    }
}

Status BlockingLink::open(const std::string& host, const std::string& port, int64_t timeout_ms) {
    timeout_ms_ = timeout_ms;
    const Addresses addresses = TRY(resolve(host, port));
    int code = EADDRNOTAVAIL;
    for (const addrinfo* each = addresses.get(); each != nullptr; each = each->ai_next) {
        net::Socket socket(
            ::socket(each->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        if (!socket.open()) {
            code = errno;
            continue;
        }
        const bool begun = ::connect(socket.descriptor(), each->ai_addr, each->ai_addrlen) == 0 ||
                           errno == EINPROGRESS || errno == ECONNREFUSED;
        if (!begun) {
            code = errno;
            continue;
        }
        socket_ = std::move(socket);
        net::set_no_delay(socket_);
        return wait_for(POLLOUT);
    }
    return system_error(host, code);
}

Status BlockingLink::wait_for(short events) {
    pollfd watched{.fd = socket_.descriptor(), .events = events, .revents = 0};
    const int timeout = static_cast<int>(std::min<int64_t>(timeout_ms_, INT_MAX));
    int ready = 0;
    do {
        ready = ::poll(&watched, 1, timeout);
    } while (ready < 0 && errno == EINTR);
    if (ready > 0) return done();
    return system_error("waiting", ready == 0 ? ETIMEDOUT : errno);
}

Status BlockingLink::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket_.descriptor(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent > 0) {
            bytes.remove_prefix(static_cast<size_t>(sent));
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            TRY(wait_for(POLLOUT));
        } else if (errno != EINTR) {
            return system_error("sending", errno);
        }
    }
    return done();
}

Result<protocol::Reply> BlockingLink::receive() {
    using Outcome = protocol::ReplyParser::Outcome;
    for (;;) {
        const Outcome outcome = parser_.parse(received_);
        received_.erase(0, parser_.consumed());
        if (outcome == Outcome::Reply) return std::move(parser_.reply());
        if (outcome == Outcome::Error) return Error(std::string(parser_.error()));
        TRY(wait_for(POLLIN));
        char block[16384];
        const ssize_t bytes = ::recv(socket_.descriptor(), block, sizeof block, 0);
        if (bytes == 0) return system_error("receiving", ECONNRESET);
        if (bytes < 0 && errno != EINTR && errno != EAGAIN) return system_error("receiving", errno);
        if (bytes > 0) received_.append(block, static_cast<size_t>(bytes));
    }
}

}  // namespace millrace::replication
