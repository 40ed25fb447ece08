// SPDX-License-Identifier: BSD-3-Clause
//
// Listening sockets: TCP on each `bind` address, and a Unix socket.
//
// Owner:   the server. Threads: main thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/socket.h"

namespace millrace::net {

struct ListenOptions {
    int backlog = 511;
    int mark = 0;
    bool multipath = false;
};

struct Listener {
    Socket socket;
    std::string path;  // Of a Unix socket.
    bool unix_socket = false;
};

// One listener per address of `bind` that this machine has: "*" all IPv4, "::*" all IPv6. A leading
// '-' lets an address that is not there, or a family that is not supported, go without an error.
// Errors name the address.
Result<std::vector<Listener>> listen_tcp(const std::vector<std::string>& bind, int port,
                                         const ListenOptions& options);

// Removes a stale socket first; sets `permissions` before anybody can connect. 0 leaves the
// umask's.
Result<Listener> listen_unix(const std::string& path, unsigned permissions,
                             const std::string& group, const ListenOptions& options);

// Accepts one connection, non-blocking and close-on-exec. Code 0 in the error: nobody waits.
Result<Socket> accept_one(const Listener& listener);

}  // namespace millrace::net
