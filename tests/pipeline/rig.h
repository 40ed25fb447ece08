// SPDX-License-Identifier: BSD-3-Clause
//
// The request path without a server around it: engine, pipeline and all commands, with clients on
// socket pairs. The test's own thread is the main thread and turns the pipeline by hand.
//
// Owner:   a test.
// Threads: the test's; I/O threads are the pipeline's own.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/thread_role.h"
#include "engine/engine.h"
#include "net/transport.h"
#include "pipeline/pipeline.h"
#include "server/all_settings.h"
#include "server/clock.h"

namespace millrace::test {

using WrapSocket = std::function<std::unique_ptr<net::Transport>(net::Socket)>;

// The client's end of a connection: non-blocking bytes in and out.
class RigClient {
public:
    RigClient(net::Socket socket, engine::Session& session)
        : socket_(std::move(socket)), slot_(session.slot()), traffic_(session.traffic) {}

    // Sends as much of `bytes` as the socket takes, and reads what has come.
    void send(std::string_view bytes) { unsent_ += bytes; }
    void exchange();
    const std::string& received() const { return received_; }
    std::string take_received() { return std::exchange(received_, {}); }
    bool all_sent() const { return unsent_.empty(); }
    bool closed() const { return closed_; }
    void hang_up() { socket_.close(); }

    int descriptor() const { return socket_.descriptor(); }
    engine::ClientSlot slot() const { return slot_; }

private:
    net::Socket socket_;
    engine::ClientSlot slot_;
    std::shared_ptr<engine::Traffic> traffic_;
    std::string unsent_;
    std::string received_;
    bool closed_ = false;
};

class Rig {
public:
    // `io_threads` counts the main thread; they are always active.
    explicit Rig(int io_threads);
    ~Rig();

    std::unique_ptr<RigClient> connect(const WrapSocket& wrap = net::make_plain_transport);
    void use_threads(int io_threads) { pipeline_.configure_threads(io_threads, true); }

    // Turns until `done` says so; fails the test after ten seconds.
    void turn_until(const std::function<bool()>& done);
    void turn_for_ms(int64_t milliseconds);
    void turn_once(int64_t timeout_us = 0);
    // Sends and waits for a reply of exactly this length and contents.
    void expect(RigClient& client, std::string_view request, std::string_view reply);

    engine::Engine& engine() { return engine_; }
    pipeline::Pipeline& pipeline() { return pipeline_; }
    observe::ServerState& state() { return state_; }

private:
    server::AllSettings settings_;
    config::Registry config_;
    server::SystemTime time_;
    server::SystemEntropy entropy_;
    observe::ServerState state_;
    observe::CommandLog command_log_;
    observe::LatencyMonitor latency_;
    observe::InfoRegistry info_;
    structures::SlabHeapPool heaps_;
    engine::CommandRegistry commands_;
    keyspace::Keyspace keyspace_;
    engine::Engine engine_;
    pipeline::Pipeline pipeline_;
};

// A request in RESP.
std::string command(std::initializer_list<std::string_view> words);

}  // namespace millrace::test
