// SPDX-License-Identifier: BSD-3-Clause
//
// Sockets as they are.
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "net/transport.h"

namespace millrace::net {
namespace {

class PlainTransport final : public Transport {
public:
    explicit PlainTransport(Socket socket) : socket_(std::move(socket)) {}

    Transfer handshake() override { return {TransferState::Moved}; }

    Transfer read(std::span<char> room) override {
        for (;;) {
            const ssize_t bytes = ::recv(socket_.descriptor(), room.data(), room.size(), 0);
            if (bytes > 0) return {TransferState::Moved, static_cast<size_t>(bytes)};
            if (bytes == 0) return {TransferState::Ended};
            if (errno != EINTR) return failure();
        }
    }

    Transfer write(std::span<const iovec> pieces) override {
        msghdr message{};
        message.msg_iov = const_cast<iovec*>(pieces.data());
        message.msg_iovlen = pieces.size();
        for (;;) {
            const ssize_t bytes = pieces.size() == 1
                                      ? ::send(socket_.descriptor(), pieces[0].iov_base,
                                               pieces[0].iov_len, MSG_NOSIGNAL)
                                      : ::sendmsg(socket_.descriptor(), &message, MSG_NOSIGNAL);
            if (bytes >= 0) return {TransferState::Moved, static_cast<size_t>(bytes)};
            if (errno != EINTR) return failure();
        }
    }

    bool pending() const override { return false; }
    int descriptor() const override { return socket_.descriptor(); }

private:
    static Transfer failure() {
        const bool blocked = errno == EAGAIN || errno == EWOULDBLOCK;
        return {blocked ? TransferState::Blocked : TransferState::Failed};
    }

    Socket socket_;
};

}  // namespace

std::unique_ptr<Transport> make_plain_transport(Socket socket) {
    return std::make_unique<PlainTransport>(std::move(socket));
}

}  // namespace millrace::net
