// SPDX-License-Identifier: BSD-3-Clause
#include "net/listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

namespace millrace::net {
namespace {

constexpr int kMultipathProtocol = 262;  // IPPROTO_MPTCP

struct FreeAddresses {
    void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

Result<Socket> listen_on(const addrinfo& address, const ListenOptions& options) {
    const int protocol = options.multipath ? kMultipathProtocol : address.ai_protocol;
    Socket socket(
        ::socket(address.ai_family, address.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
    if (!socket.open()) return system_error("socket", errno);
    const int on = 1;
    if (address.ai_family == AF_INET6) {
        (void)setsockopt(socket.descriptor(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    }
    if (setsockopt(socket.descriptor(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) {
        return system_error("setsockopt SO_REUSEADDR", errno);
    }
    if (options.mark != 0 && setsockopt(socket.descriptor(), SOL_SOCKET, SO_MARK, &options.mark,
                                        sizeof options.mark) != 0) {
        return system_error("setsockopt SO_MARK", errno);
    }
    if (::bind(socket.descriptor(), address.ai_addr, address.ai_addrlen) != 0)
        return system_error("bind", errno);
    if (::listen(socket.descriptor(), options.backlog) != 0) return system_error("listen", errno);
    return socket;
}

bool may_be_missing(int code) {
    return code == EAFNOSUPPORT || code == EPROTONOSUPPORT || code == EADDRNOTAVAIL ||
           code == ENOPROTOOPT || code == ESOCKTNOSUPPORT || code == EPFNOSUPPORT;
}

}  // namespace

Result<std::vector<Listener>> listen_tcp(const std::vector<std::string>& bind, int port,
                                         const ListenOptions& options) {
    std::vector<Listener> listeners;
    for (const std::string& word : bind) {
        const bool optional = word.starts_with('-');
        const std::string name = optional ? word.substr(1) : word;
        const bool any4 = name == "*";
        const bool any6 = name == "::*";
        addrinfo hints{};
        hints.ai_family = any4 ? AF_INET : (any6 ? AF_INET6 : AF_UNSPEC);
        hints.ai_socktype = SOCK_STREAM;
        hints.ai_flags = AI_PASSIVE;
        addrinfo* found = nullptr;
        const int code = getaddrinfo(any4 || any6 ? nullptr : name.c_str(),
                                     std::to_string(port).c_str(), &hints, &found);
        if (code != 0)
            return Error(name + ":" + std::to_string(port) + ": " + gai_strerror(code),
                         EADDRNOTAVAIL);
        const std::unique_ptr<addrinfo, FreeAddresses> addresses(found);
        auto socket = listen_on(*addresses, options);
        if (!socket.ok()) {
            if (optional && may_be_missing(socket.error().code())) continue;
            return Error(
                name + ":" + std::to_string(port) + ": " + std::string(socket.error().text()),
                socket.error().code());
        }
        listeners.push_back(
            {.socket = std::move(socket).value(), .path = {}, .unix_socket = false});
    }
    return listeners;
}

Result<Listener> listen_unix(const std::string& path, unsigned permissions,
                             const std::string& group, const ListenOptions& options) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return Error("unix socket path too long", ENAMETOOLONG);
    std::memcpy(address.sun_path, path.data(), path.size());
    unlink(path.c_str());
    Socket socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket.open()) return system_error("socket", errno);
    if (::bind(socket.descriptor(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        return system_error("bind " + path, errno);
    }
    // Secure before visible: nobody can connect until listen().
    if (permissions != 0 && chmod(path.c_str(), permissions) != 0)
        return system_error("chmod " + path, errno);
    if (!group.empty()) {
        const struct group* entry = getgrnam(group.c_str());
        if (entry == nullptr || chown(path.c_str(), static_cast<uid_t>(-1), entry->gr_gid) != 0) {
            return system_error("chown " + path, entry == nullptr ? ENOENT : errno);
        }
    }
    if (::listen(socket.descriptor(), options.backlog) != 0) return system_error("listen", errno);
    return Listener{.socket = std::move(socket), .path = path, .unix_socket = true};
}

Result<Socket> accept_one(const Listener& listener) {
    for (;;) {
        const int descriptor =
            accept4(listener.socket.descriptor(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (descriptor >= 0) return Socket(descriptor);
        if (errno == EAGAIN || errno == EWOULDBLOCK) return Error("nobody waits", 0);
        // A peer that gave up while it waited is no reason to stop accepting.
        if (errno == EINTR || errno == ECONNABORTED || errno == EPROTO || errno == EPERM) continue;
        return system_error("accept", errno);
    }
}

}  // namespace millrace::net
