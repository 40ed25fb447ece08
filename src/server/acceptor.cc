// SPDX-License-Identifier: BSD-3-Clause
#include "server/acceptor.h"

#include <sys/socket.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "engine/acl/access_control.h"
#include "net/transport.h"

namespace millrace::server {
namespace {

constexpr std::string_view kTooManyClients = "-ERR max number of clients reached\r\n";
constexpr std::string_view kProtected =
    "-DENIED Running in protected mode because protected mode is enabled and no password is set "
    "for the default user. "
    "In this mode connections are only accepted from the loopback interface. If you want to "
    "connect from external "
    "computers, you may adopt one of the following solutions: 1) Just disable protected mode "
    "sending the command "
    "'CONFIG SET protected-mode no' from the loopback interface by connecting from the same host "
    "the server is running, "
    "however MAKE SURE it's not publicly accessible from internet if you do so. Use CONFIG REWRITE "
    "to make this change "
    "permanent. 2) Alternatively you can just disable the protected mode by editing the "
    "configuration file, and setting "
    "the protected mode option to 'no', and then restarting the server. 3) If you started the "
    "server manually just for "
    "testing, restart it with the '--protected-mode no' option. 4) Set up an authentication "
    "password for the default "
    "user. NOTE: You only need to do one of the above things in order for the server to start "
    "accepting connections from "
    "the outside.\r\n";

// A last word to somebody who is turned away; whether it arrives is not our concern.
void say(const net::Socket& socket, std::string_view text) {
    (void)send(socket.descriptor(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

}  // namespace

Result<std::vector<net::Listener>> Acceptor::open_tcp() const {
    const net::ListenOptions options{.backlog = static_cast<int>(settings_.tcp_backlog),
                                     .mark = static_cast<int>(settings_.socket_mark_id),
                                     .multipath = settings_.mptcp};
    if (settings_.port == 0) return std::vector<net::Listener>();
    return net::listen_tcp(settings_.bind, static_cast<int>(settings_.port), options);
}

Status Acceptor::watch(std::vector<net::Listener> fresh) {
    for (net::Listener& listener : fresh) {
        TRY(pipeline_.watch_listener(listener.socket.descriptor(), listeners_.size()));
        listeners_.push_back(std::move(listener));
    }
    describe_listeners();
    return done();
}

Status Acceptor::open() {
    auto tcp = open_tcp();
    if (!tcp.ok()) {
        log_warning("Warning: Could not create server TCP listening socket {}", tcp.error().text());
        log_warning("Failed listening on port {} (tcp), aborting.", settings_.port);
        return tcp.take_error();
    }
    if (tcp->empty() && settings_.port != 0 && !settings_.bind.empty()) {
        log_warning("Failed listening on port {} (tcp), aborting.", settings_.port);
        return Error("no address to listen on");
    }
    TRY(watch(std::move(tcp).value()));
    if (!settings_.unixsocket.empty()) {
        auto local = net::listen_unix(
            settings_.unixsocket, static_cast<unsigned>(settings_.unixsocketperm),
            settings_.unixsocketgroup, {.backlog = static_cast<int>(settings_.tcp_backlog)});
        if (!local.ok()) {
            log_warning("Failed opening Unix socket: {}", local.error().text());
            return local.take_error();
        }
        std::vector<net::Listener> one;
        one.push_back(std::move(local).value());
        TRY(watch(std::move(one)));
    }
    if (listeners_.empty()) {
        log_warning("Configured to not listen anywhere, exiting.");
        return Error("nowhere to listen");
    }
    return done();
}

Status Acceptor::reopen_tcp() {
    // The old listeners go first, as they may hold the very address that the new ones need; on
    // failure they come back.
    std::vector<net::Listener> kept;
    std::vector<net::Listener> old;
    for (net::Listener& listener : listeners_) {
        pipeline_.unwatch_listener(listener.socket.descriptor());
        (listener.unix_socket ? kept : old).push_back(std::move(listener));
    }
    listeners_.clear();
    old.clear();
    TRY(watch(std::move(kept)));
    auto fresh = open_tcp();
    if (!fresh.ok()) {
        log_warning("Warning: Could not create server TCP listening socket {}",
                    fresh.error().text());
        return fresh.take_error();
    }
    return watch(std::move(fresh).value());
}

void Acceptor::close_all() {
    for (net::Listener& listener : listeners_) {
        pipeline_.unwatch_listener(listener.socket.descriptor());
        if (listener.unix_socket) unlink(listener.path.c_str());
    }
    listeners_.clear();
}

void Acceptor::describe_listeners() {
    state_.facts.listeners.clear();
    state_.facts.tcp_port = static_cast<int>(settings_.port);
    std::string tcp = "name=tcp";
    for (const std::string& address : settings_.bind) tcp += ",bind=" + address;
    if (settings_.port != 0)
        state_.facts.listeners.push_back(tcp + ",port=" + std::to_string(settings_.port));
    if (!settings_.unixsocket.empty()) {
        state_.facts.listeners.push_back("name=unix,bind=" + settings_.unixsocket);
    }
}

void Acceptor::accept_some() {
    int64_t left = settings_.max_new_connections_per_cycle;
    for (const net::Listener& listener : listeners_) {
        for (;;) {
            if (left-- <= 0) {
                pipeline_.accept_again();
                return;
            }
            auto socket = net::accept_one(listener);
            if (!socket.ok()) {
                if (socket.error().code() == 0) break;
                log_warning("Accepting client connection: {}", socket.error().text());
                break;  // Out of descriptors, say: whoever waits is served when some are free.
            }
            admit(std::move(socket).value(), listener);
        }
    }
}

bool Acceptor::is_refused(const net::Socket& socket, const net::Listener& listener) {
    if (static_cast<int64_t>(state_.net.connections) >= settings_.maxclients) {
        say(socket, kTooManyClients);
        ++state_.net.connections_rejected;
        return true;
    }
    const bool open_to_all =
        settings_.protected_mode && engine_.access().default_user().has_no_password();
    if (open_to_all && !listener.unix_socket && !net::peer_is_loopback(socket)) {
        say(socket, kProtected);
        ++state_.net.connections_rejected;
        return true;
    }
    return false;
}

void Acceptor::admit(net::Socket socket, const net::Listener& listener) {
    if (is_refused(socket, listener)) return;
    ++state_.net.connections_received;
    if (!listener.unix_socket) {
        net::set_no_delay(socket);
        net::set_keepalive(socket, static_cast<int>(settings_.tcp_keepalive));
    }
    engine::Peer peer;
    peer.address = net::peer_address(socket, listener.path);
    peer.local_address = net::local_address(socket, listener.path);
    peer.descriptor = socket.descriptor();
    peer.unix_socket = listener.unix_socket;
    peer.loopback = net::peer_is_loopback(socket);
    log_verbose("Accepted {}", peer.address);
    pipeline_.adopt(net::make_plain_transport(std::move(socket)), std::move(peer));
}

}  // namespace millrace::server
