// SPDX-License-Identifier: BSD-3-Clause
//
// Requests that arrive in pieces, cut at every byte, and replies that leave in pieces of any size.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>

#include "rig.h"

namespace millrace::test {
namespace {

using net::Transfer;
using net::TransferState;

// Moves at most `bytes_max` at a time, and says after every other write that it is blocked.
class TricklingTransport final : public net::Transport {
public:
    TricklingTransport(std::unique_ptr<net::Transport> below, size_t bytes_max)
        : below_(std::move(below)), bytes_max_(bytes_max) {}
    Transfer handshake() override { return below_->handshake(); }
    Transfer read(std::span<char> room) override {
        const Transfer transfer = below_->read(room.first(std::min(room.size(), bytes_max_)));
        drained_ = transfer.state != TransferState::Moved;
        return transfer;
    }
    Transfer write(std::span<const iovec> pieces) override {
        const iovec first{pieces[0].iov_base, std::min(pieces[0].iov_len, bytes_max_)};
        return below_->write({&first, 1});
    }
    bool pending() const override { return !drained_; }
    int descriptor() const override { return below_->descriptor(); }

private:
    std::unique_ptr<net::Transport> below_;
    const size_t bytes_max_;
    bool drained_ = false;
};

std::string requests() {
    return command({"SET", "key", "value"}) + "PING inline\r\n" +
           command({"APPEND", "key", std::string(100, 'x')}) + command({"GET", "key"}) +
           command({"NOSUCH"}) + command({"MGET", "key", "none"});
}

std::string replies() {
    const std::string value = "$105\r\nvalue" + std::string(100, 'x') + "\r\n";
    return "+OK\r\n$6\r\ninline\r\n:105\r\n" + value +
           "-ERR unknown command 'NOSUCH', with args beginning with: \r\n*2\r\n" + value +
           "$-1\r\n";
}

class PartialTransfers : public testing::TestWithParam<int> {};

TEST_P(PartialTransfers, RequestsMayBeCutAnywhere) {
    Rig rig(GetParam());
    const std::string all = requests();
    auto client = rig.connect();
    for (size_t cut = 1; cut < all.size(); ++cut) {
        client->send(all.substr(0, cut));
        client->exchange();
        for (int turn = 0; turn < 3; ++turn) rig.turn_once();
        rig.expect(*client, all.substr(cut), replies());
    }
}

TEST_P(PartialTransfers, BytesMayTrickle) {
    Rig rig(GetParam());
    for (size_t bytes : {1, 2, 3, 7, 64}) {
        auto client = rig.connect([bytes](net::Socket socket) -> std::unique_ptr<net::Transport> {
            return std::make_unique<TricklingTransport>(
                net::make_plain_transport(std::move(socket)), bytes);
        });
        rig.expect(*client, requests(), replies());
    }
}

INSTANTIATE_TEST_SUITE_P(Threads, PartialTransfers, testing::Values(1, 3));

}  // namespace
}  // namespace millrace::test
