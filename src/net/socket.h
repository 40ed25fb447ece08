// SPDX-License-Identifier: BSD-3-Clause
//
// A file descriptor with one owner, and the few things that are done to sockets.
//
// Owner:   whoever holds it. Threads: the owner's.
#pragma once

#include <string>
#include <utility>

#include "base/result.h"

namespace millrace::net {

class Socket {
public:
    Socket() = default;
    explicit Socket(int descriptor) : descriptor_(descriptor) {}
    Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    Socket& operator=(Socket&& other) noexcept {
        if (this != &other) {
            close();
            descriptor_ = std::exchange(other.descriptor_, -1);
        }
        return *this;
    }
    ~Socket() { close(); }

    int descriptor() const { return descriptor_; }
    bool open() const { return descriptor_ >= 0; }
    void close();

private:
    int descriptor_ = -1;
};

// Probes an idle peer after `seconds`, then every third of that; 0: never.
void set_keepalive(const Socket& socket, int seconds);
void set_no_delay(const Socket& socket);

// "10.0.0.1:4711", "[::1]:4711"; for Unix sockets `path` with ":0".
std::string peer_address(const Socket& socket, const std::string& path);
std::string local_address(const Socket& socket, const std::string& path);
// Whether the peer is on this machine by a loopback address or a Unix socket.
bool peer_is_loopback(const Socket& socket);

}  // namespace millrace::net
