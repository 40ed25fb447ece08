// SPDX-License-Identifier: BSD-3-Clause
#include "rig.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <chrono>
#include <csignal>
#include <utility>

namespace millrace::test {

using Clock = std::chrono::steady_clock;

void RigClient::exchange() {
    while (!unsent_.empty()) {
        const ssize_t sent =
            ::send(socket_.descriptor(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
        if (sent <= 0) break;
        unsent_.erase(0, static_cast<size_t>(sent));
    }
    char bytes[65536];
    for (;;) {
        const ssize_t got = ::recv(socket_.descriptor(), bytes, sizeof bytes, 0);
        if (got == 0) closed_ = true;
        if (got <= 0) break;
        received_.append(bytes, static_cast<size_t>(got));
    }
}

Rig::Rig(int io_threads)
    : commands_(engine::all_command_tables()),
      keyspace_(static_cast<int>(settings_.keyspace.databases), {.low = 1, .high = 2}, heaps_),
      engine_({.commands = commands_,
               .keyspace = keyspace_,
               .settings = settings_.engine,
               .config = config_,
               .command_log = command_log_,
               .latency = latency_,
               .info = info_,
               .server = state_,
               .time = time_,
               .entropy = entropy_}),
      pipeline_(engine_, heaps_, state_) {
    std::signal(SIGPIPE, SIG_IGN);  // As the server does: TLS libraries write without asking.
    server::register_all_settings(config_, settings_);
    engine_.connect(&pipeline_, nullptr);
    EXPECT_TRUE(pipeline_.open().ok());
    pipeline_.configure_threads(io_threads, true);
}

// Connections must be home before their threads end.
Rig::~Rig() {
    use_threads(1);
    turn_for_ms(50);
}

std::unique_ptr<RigClient> Rig::connect(const WrapSocket& wrap) {
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    engine::Session& session =
        pipeline_.adopt(wrap(net::Socket(ends[0])), {.address = "test:0"});
    return std::make_unique<RigClient>(net::Socket(ends[1]), session);
}

void Rig::turn_until(const std::function<bool()>& done) {
    main_thread.assert_current();
    // Tens of megabytes with the thread sanitizer, on a machine with other things to do.
    const auto deadline = Clock::now() + std::chrono::seconds(60);
    while (!done()) {
        pipeline_.turn(1000);
        if (Clock::now() > deadline) {
            ADD_FAILURE() << "it did not come within a minute";
            return;
        }
    }
}

void Rig::turn_for_ms(int64_t milliseconds) {
    main_thread.assert_current();
    const auto deadline = Clock::now() + std::chrono::milliseconds(milliseconds);
    while (Clock::now() < deadline) pipeline_.turn(1000);
}

void Rig::turn_once(int64_t timeout_us) {
    main_thread.assert_current();
    pipeline_.turn(timeout_us);
}

void Rig::expect(RigClient& client, std::string_view request, std::string_view reply) {
    client.send(request);
    turn_until([&] {
        client.exchange();
        return client.received().size() >= reply.size();
    });
    EXPECT_EQ(client.take_received(), reply);
}

std::string command(std::initializer_list<std::string_view> words) {
    std::string text = "*" + std::to_string(words.size()) + "\r\n";
    for (std::string_view word : words) {
        text += "$" + std::to_string(word.size()) + "\r\n";
        text += word;
        text += "\r\n";
    }
    return text;
}

}  // namespace millrace::test
