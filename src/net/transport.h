// SPDX-License-Identifier: BSD-3-Clause
//
// How bytes get from and to a peer: plain TCP or Unix sockets here, TLS later. Handshaking, reading
// and writing all go through it; its virtual calls stand only beside system calls.
//
// Owner:   pipeline::Connection.
// Threads: the I/O side that owns the connection.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <memory>
#include <span>

#include "net/socket.h"

namespace millrace::net {

enum class TransferState : uint8_t {
    Moved,    // Bytes were moved.
    Blocked,  // Nothing moves now; the poller will tell.
    Ended,    // The peer has closed.
    Failed,   // The connection is broken.
};

struct Transfer {
    TransferState state;
    size_t bytes = 0;
};

class Transport {
public:
    virtual ~Transport() = default;

    // Goes on with the handshake: Moved when it is done, Blocked while it waits for the peer.
    virtual Transfer handshake() = 0;
    // Fewer bytes than `room` means that there are no more for now, unless pending() says
    // otherwise.
    virtual Transfer read(std::span<char> room) = 0;
    virtual Transfer write(std::span<const iovec> pieces) = 0;
    // Whether read() may have more although the poller will not report it: bytes decrypted but not
    // handed out, or a socket that was not read until it blocked.
    virtual bool pending() const = 0;
    virtual int descriptor() const = 0;
};

std::unique_ptr<Transport> make_plain_transport(Socket socket);

}  // namespace millrace::net
