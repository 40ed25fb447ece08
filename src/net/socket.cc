// SPDX-License-Identifier: BSD-3-Clause
#include "net/socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

namespace millrace::net {
namespace {

template <typename Query>
std::string address(const Socket& socket, const std::string& path, Query&& query) {
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    if (query(socket.descriptor(), reinterpret_cast<sockaddr*>(&storage), &length) != 0)
        return "?:0";
    char text[INET6_ADDRSTRLEN] = "?";
    if (storage.ss_family == AF_INET) {
        const auto& in = reinterpret_cast<const sockaddr_in&>(storage);
        inet_ntop(AF_INET, &in.sin_addr, text, sizeof text);
        return std::string(text) + ":" + std::to_string(ntohs(in.sin_port));
    }
    if (storage.ss_family == AF_INET6) {
        const auto& in = reinterpret_cast<const sockaddr_in6&>(storage);
        inet_ntop(AF_INET6, &in.sin6_addr, text, sizeof text);
        return "[" + std::string(text) + "]:" + std::to_string(ntohs(in.sin6_port));
    }
    return path + ":0";
}

void set_option(const Socket& socket, int level, int name, int value) {
    // A socket that refuses an option still works; there is nobody to tell.
    (void)setsockopt(socket.descriptor(), level, name, &value, sizeof value);
}

}  // namespace

void Socket::close() {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
}

void set_keepalive(const Socket& socket, int seconds) {
    if (seconds <= 0) return;
    set_option(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(socket, IPPROTO_TCP, TCP_KEEPIDLE, seconds);
    set_option(socket, IPPROTO_TCP, TCP_KEEPINTVL, std::max(seconds / 3, 1));
    set_option(socket, IPPROTO_TCP, TCP_KEEPCNT, 3);
}

void set_no_delay(const Socket& socket) {
    set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
}

std::string peer_address(const Socket& socket, const std::string& path) {
    return address(socket, path, getpeername);
}

std::string local_address(const Socket& socket, const std::string& path) {
    return address(socket, path, getsockname);
}

bool peer_is_loopback(const Socket& socket) {
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    if (getpeername(socket.descriptor(), reinterpret_cast<sockaddr*>(&storage), &length) != 0)
        return false;
    if (storage.ss_family == AF_UNIX) return true;
    if (storage.ss_family == AF_INET) {
        return (ntohl(reinterpret_cast<const sockaddr_in&>(storage).sin_addr.s_addr) >> 24) == 127;
    }
    if (storage.ss_family != AF_INET6) return false;
    const in6_addr& in6 = reinterpret_cast<const sockaddr_in6&>(storage).sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(&in6) != 0 ||
           (IN6_IS_ADDR_V4MAPPED(&in6) != 0 && in6.s6_addr[12] == 127);
}

}  // namespace millrace::net
