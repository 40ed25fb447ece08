// SPDX-License-Identifier: BSD-3-Clause
//
// A client of whom there is always more does not keep the others waiting, and what clients send and
// get is counted.
#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "rig.h"

namespace millrace::test {
namespace {

using net::Transfer;
using net::TransferState;

struct Reads {
    size_t count = 0;
    size_t bytes_highest = 0;
};

// A SET whose value is on its way for as long as anybody reads, slowly.
class EndlessTransport final : public net::Transport {
public:
    EndlessTransport(std::unique_ptr<net::Transport> below, Reads& reads)
        : below_(std::move(below)), reads_(reads) {}
    Transfer handshake() override { return below_->handshake(); }
    Transfer read(std::span<char> room) override {
        const std::string head = "*3\r\n$3\r\nSET\r\n$3\r\nbig\r\n$500000000\r\n";
        ++reads_.count;
        reads_.bytes_highest = std::max(reads_.bytes_highest, room.size());
        if (reads_.count == 1) {
            std::copy(head.begin(), head.end(), room.begin());
            return {TransferState::Moved, head.size()};
        }
        std::this_thread::sleep_for(std::chrono::microseconds(50));
        return {TransferState::Moved, room.size()};
    }
    Transfer write(std::span<const iovec> pieces) override { return below_->write(pieces); }
    bool pending() const override { return true; }
    int descriptor() const override { return below_->descriptor(); }

private:
    std::unique_ptr<net::Transport> below_;
    Reads& reads_;
};

// It took a turn 64 rounds, and the kernel a megabyte for each, until the others were asked again.
TEST(Fairness, AValueThatArrivesLeavesTurnsShort) {
    constexpr size_t kTurns = 20;
    Reads reads;  // Longer than the rig, which reads until its end.
    Rig rig(1);
    const auto big = rig.connect([&reads](net::Socket socket) {
        return std::make_unique<EndlessTransport>(net::make_plain_transport(std::move(socket)),
                                                  reads);
    });
    for (size_t turn = 0; turn < kTurns; ++turn) rig.turn_once();
    // A turn may go on for 50 microseconds after its first round.
    EXPECT_GE(reads.count, kTurns / 2);
    EXPECT_LE(reads.count, 4 * kTurns);
    EXPECT_LE(reads.bytes_highest, 256u * 1024);
    const auto other = rig.connect();
    rig.expect(*other, command({"PING"}), "+PONG\r\n");
}

// What one client sends at once is executed in shares, and others come in between. One of the
// others, at least, is looked at after it.
TEST(Fairness, NobodyWaitsForAllThatAnotherSendsAtOnce) {
    constexpr int kRequests = 1000;  // They come in one piece.
    for (const int threads : {1, 2}) {
        Rig rig(threads);
        std::vector<std::unique_ptr<RigClient>> clients;
        for (int i = 0; i < 3; ++i) clients.push_back(rig.connect());
        for (auto& client : clients) rig.expect(*client, "SET n 0\r\n", "+OK\r\n");
        RigClient& eager = *clients[1];
        for (int i = 0; i < kRequests; ++i) eager.send("INCR n\r\n");
        eager.exchange();
        ASSERT_TRUE(eager.all_sent());
        int seen = 0;
        for (RigClient* other : {clients[0].get(), clients[2].get()}) {
            other->send("GET n\r\n");
            other->exchange();
        }
        for (RigClient* other : {clients[0].get(), clients[2].get()}) {
            rig.turn_until([&] {
                other->exchange();
                return other->received().ends_with("\r\n");
            });
            seen = std::max(seen, std::stoi(other->received().substr(4)));
        }
        if (threads == 1) {
            EXPECT_GT(seen, 0);
        }
        EXPECT_LT(seen, kRequests / 2) << threads;
        rig.turn_until([&] {
            eager.exchange();
            return eager.received().ends_with(":1000\r\n");
        });
    }
}

// What makes any turn longer than the extra rounds may take.
class SlowTransport final : public net::Transport {
public:
    explicit SlowTransport(std::unique_ptr<net::Transport> below) : below_(std::move(below)) {}
    Transfer handshake() override { return below_->handshake(); }
    Transfer read(std::span<char> room) override {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        return below_->read(room);
    }
    Transfer write(std::span<const iovec> pieces) override { return below_->write(pieces); }
    bool pending() const override { return below_->pending(); }
    int descriptor() const override { return below_->descriptor(); }

private:
    std::unique_ptr<net::Transport> below_;
};

// A turn that ended in time left the news of a connection's end where they were, and then waited.
TEST(Fairness, AConnectionEndsWithoutWaitingForTheNextEvent) {
    using Clock = std::chrono::steady_clock;
    Rig rig(1);
    const auto client = rig.connect([](net::Socket socket) {
        return std::make_unique<SlowTransport>(net::make_plain_transport(std::move(socket)));
    });
    rig.expect(*client, command({"PING"}), "+PONG\r\n");
    client->send(command({"QUIT"}));
    client->exchange();
    const auto begin = Clock::now();
    // The client must not read meanwhile: room in the socket is an event, too.
    pollfd end{.fd = client->descriptor(), .events = POLLRDHUP, .revents = 0};
    for (int turn = 0; turn < 5 && ::poll(&end, 1, 0) == 0; ++turn) rig.turn_once(2'000'000);
    client->exchange();
    EXPECT_TRUE(client->closed());
    EXPECT_LT(Clock::now() - begin, std::chrono::seconds(1));
}

TEST(Fairness, BytesInAndOutAreCounted) {
    for (const int io_threads : {1, 3}) {
        Rig rig(io_threads);
        const auto client = rig.connect();
        const std::string set = command({"SET", "key", std::string(100000, 'v')});
        const std::string get = command({"GET", "key"});
        const std::string value = "$100000\r\n" + std::string(100000, 'v') + "\r\n";
        rig.expect(*client, set, "+OK\r\n");
        rig.expect(*client, get, value);
        const observe::ThreadUsages& threads = rig.state().threads;
        const size_t written = 5 + value.size();
        rig.turn_until([&] {  // A thread counts after the client has read.
            return threads.total(&observe::ThreadUsage::output_bytes) >= written;
        });
        EXPECT_EQ(threads.total(&observe::ThreadUsage::input_bytes), set.size() + get.size());
        EXPECT_EQ(threads.total(&observe::ThreadUsage::output_bytes), written);
    }
}

}  // namespace
}  // namespace millrace::test
