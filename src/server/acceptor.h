// SPDX-License-Identifier: BSD-3-Clause
//
// The listening sockets and who may come in: maxclients, protected mode, and how many a turn.
//
// Owner:   the server.
// Threads: main thread.
#pragma once

#include <vector>

#include "base/result.h"
#include "net/listener.h"
#include "net/settings.h"
#include "observe/server_state.h"
#include "pipeline/pipeline.h"

namespace millrace::server {

class Acceptor {
public:
    Acceptor(pipeline::Pipeline& pipeline, engine::Engine& engine, const net::Settings& settings,
             observe::ServerState& state)
        : pipeline_(pipeline), engine_(engine), settings_(settings), state_(state) {}
    ~Acceptor() { close_all(); }

    // Opens the listeners that the settings ask for.
    Status open();
    // The same after `port` or `bind` has changed; the old ones stay if it fails.
    Status reopen_tcp();
    void close_all();

    // Accepts up to max-new-connections-per-cycle connections.
    void accept_some();

    const std::vector<net::Listener>& listeners() const { return listeners_; }

private:
    Result<std::vector<net::Listener>> open_tcp() const;
    Status watch(std::vector<net::Listener> fresh);
    void admit(net::Socket socket, const net::Listener& listener);
    bool is_refused(const net::Socket& socket, const net::Listener& listener);
    void describe_listeners();

    pipeline::Pipeline& pipeline_;
    engine::Engine& engine_;
    const net::Settings& settings_;
    observe::ServerState& state_;
    std::vector<net::Listener> listeners_;
};

}  // namespace millrace::server
