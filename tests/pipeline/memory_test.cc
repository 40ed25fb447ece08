// SPDX-License-Identifier: BSD-3-Clause
//
// What clients and the messages to them cost while memory is short.
#include "base/memory.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/memory_limit.h"
#include "rig.h"

namespace millrace::test {
namespace {

// Batches of what the main thread had to say were kept by the I/O side, one for each client that
// left, until there were as many as it has credits.
TEST(ClientMemory, ClientsThatComeAndGoLeaveNothing) {
    Rig rig(1);
    const auto come_and_go = [&rig](int count) {
        for (int i = 0; i < count; ++i) {
            const std::unique_ptr<RigClient> client = rig.connect();
            rig.expect(*client, command({"PING"}), "+PONG\r\n");
            client->hang_up();
            rig.turn_for_ms(2);
        }
    };
    come_and_go(10);
    const uint64_t before = used_bytes();
    come_and_go(20);
    EXPECT_LE(used_bytes(), before + 1024);
}

// Ten clients that track all keys, whose names are long: what they are told of each victim once
// took more memory than it gave back.
TEST(ClientMemory, InvalidationsOfVictimsEvictNothing) {
    constexpr int kKeys = 300;
    Rig rig(1);
    std::vector<std::unique_ptr<RigClient>> trackers;
    const auto say = [&rig](RigClient& client, const std::string& request) {
        client.send(request);
        rig.turn_until([&client] {
            client.exchange();
            return !client.received().empty();
        });
        return client.take_received();
    };
    for (int i = 0; i < 10; ++i) {
        trackers.push_back(rig.connect());
        say(*trackers.back(), command({"HELLO", "3"}));
        rig.expect(*trackers.back(), command({"CLIENT", "TRACKING", "ON"}), "+OK\r\n");
    }
    const std::unique_ptr<RigClient> writer = rig.connect();
    const std::string tail(1000, 'x');
    for (int i = 0; i < kKeys; ++i) {
        const std::string key = std::to_string(i) + tail;
        rig.expect(*writer, command({"SET", key, "x"}), "+OK\r\n");
        for (auto& each : trackers) rig.expect(*each, command({"GET", key}), "$1\r\nx\r\n");
    }
    rig.turn_for_ms(10);

    keyspace::Settings settings;
    settings.maxmemory_policy = keyspace::MaxmemoryPolicy::AllkeysLru;
    settings.maxmemory_eviction_tenacity = 100;
    rig.engine().memory_limit().configure(settings, used_bytes() - 40'000);
    rig.expect(*writer, command({"PING"}), "+PONG\r\n");
    const uint64_t evicted = rig.engine().keyspace().counters().evicted;
    EXPECT_GE(evicted, 10u);
    EXPECT_LE(evicted, 50u);
    for (auto& each : trackers) EXPECT_NE(say(*each, "").find("invalidate"), std::string::npos);
}

// What one command deleted was freed in one go: tens of milliseconds in which nobody was served.
TEST(ClientMemory, WhatOneCommandDeletesIsFreedInSlices) {
    constexpr int kKeys = 200'000;
    Rig rig(1);
    const std::unique_ptr<RigClient> client = rig.connect();
    const auto of_all_keys = [](std::string_view name, std::string_view after_each) {
        const int words = 1 + kKeys * (after_each.empty() ? 1 : 2);
        std::string request = "*" + std::to_string(words) + "\r\n";
        request += "$" + std::to_string(name.size()) + "\r\n" + std::string(name) + "\r\n";
        for (int i = 0; i < kKeys; ++i) {
            request += "$6\r\n" + std::to_string(100'000 + i) + "\r\n";
            request += after_each;
        }
        return request;
    };
    rig.expect(*client, of_all_keys("MSET", "$5\r\nvalue\r\n"), "+OK\r\n");
    client->send(of_all_keys("DEL", ""));
    keyspace::Keyspace& keyspace = rig.engine().keyspace();
    rig.turn_until([&] {
        client->exchange();
        return keyspace.total_size() == 0;
    });
    const size_t waiting = keyspace.limbo().waiting();
    EXPECT_GT(waiting, kKeys / 2u);
    rig.turn_once();
    rig.turn_once();
    EXPECT_GT(keyspace.limbo().waiting(), 0u);
    EXPECT_LT(keyspace.limbo().waiting(), waiting);
    rig.turn_until([&] { return keyspace.limbo().waiting() == 0; });
    EXPECT_EQ(client->take_received(), ":" + std::to_string(kKeys) + "\r\n");
}

}  // namespace
}  // namespace millrace::test
