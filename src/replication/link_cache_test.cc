// SPDX-License-Identifier: BSD-3-Clause
#include "replication/link_cache.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <string>

#include "engine/bare_engine.h"

namespace millrace::replication {
namespace {

// Somebody to connect to: the kernel accepts on our behalf.
class Listener {
public:
    Listener() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof address;
        auto* any = reinterpret_cast<sockaddr*>(&address);
        EXPECT_EQ(::bind(socket_.descriptor(), any, length), 0);
        EXPECT_EQ(::listen(socket_.descriptor(), 128), 0);
        EXPECT_EQ(::getsockname(socket_.descriptor(), any, &length), 0);
        port = std::to_string(ntohs(address.sin_port));
    }
    std::string port;

private:
    net::Socket socket_;
};

struct LinkCacheTest : ::testing::Test {
    KeptLink* open(const std::string& host) {
        const auto opened = cache().open(host, listener.port, 1000);
        return opened.ok() ? opened.value() : nullptr;
    }
    LinkCache& cache() { return LinkCache::of(bare.engine); }
    uint64_t shown() { return bare.state.net.migrate_links; }
    void pass(int64_t milliseconds) {
        bare.time.pass(milliseconds);
        bare.engine.begin_batch();
    }

    engine::BareEngine bare;
    Listener listener;
};

// Each MIGRATE opened a connection of its own.
TEST_F(LinkCacheTest, KeepsLinks) {
    KeptLink* first = open("127.0.0.1");
    ASSERT_NE(first, nullptr);
    EXPECT_EQ(first->database, -1);
    first->database = 3;
    EXPECT_EQ(open("127.0.0.1"), first);
    EXPECT_EQ(first->database, 3);
    EXPECT_EQ(shown(), 1u);
    cache().close("127.0.0.1", listener.port);
    EXPECT_EQ(shown(), 0u);
}

TEST_F(LinkCacheTest, ClosesWhatIsUnused) {
    LinkCache::close_unused(bare.engine);  // Nothing has been opened yet.
    ASSERT_NE(open("127.0.0.1"), nullptr);
    pass(9000);
    ASSERT_NE(open("127.0.0.1"), nullptr);
    pass(9000);
    LinkCache::close_unused(bare.engine);
    EXPECT_EQ(shown(), 1u);
    pass(2000);
    LinkCache::close_unused(bare.engine);
    EXPECT_EQ(shown(), 0u);
}

TEST_F(LinkCacheTest, TheOldestMakesRoom) {
    for (size_t i = 1; i <= LinkCache::kLinksMax + 1; ++i) {
        pass(1);
        std::string host = "127.0.0.";
        KeptLink* link = open(host += std::to_string(i));
        ASSERT_NE(link, nullptr);  // All of 127.0.0.0/8 is this machine.
        link->database = static_cast<int64_t>(i);
    }
    EXPECT_EQ(cache().size(), LinkCache::kLinksMax);
    EXPECT_EQ(open("127.0.0.2")->database, 2);
    EXPECT_EQ(open("127.0.0.1")->database, -1);
}

}  // namespace
}  // namespace millrace::replication
