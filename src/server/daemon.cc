// SPDX-License-Identifier: BSD-3-Clause
#include "server/daemon.h"

#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/log.h"

namespace millrace::server {
namespace {

constexpr const char* kSystemdSocket = "NOTIFY_SOCKET";
constexpr const char* kUpstartJob = "UPSTART_JOB";

Supervised found_supervisor() {
    if (std::getenv(kUpstartJob) != nullptr) return Supervised::Upstart;
    if (std::getenv(kSystemdSocket) != nullptr) return Supervised::Systemd;
    return Supervised::No;
}

Supervised begin_upstart() {
    if (std::getenv(kUpstartJob) == nullptr) {
        log_warning(
            "Supervision by Upstart was asked for, but there is no UPSTART_JOB in the environment");
        return Supervised::No;
    }
    log_notice("Supervised by Upstart: stopping, so that it sees that the server is ready");
    raise(SIGSTOP);
    unsetenv(kUpstartJob);
    return Supervised::Upstart;
}

Supervised begin_systemd() {
    if (!notify_systemd("STATUS=Loading...\n")) {
        log_warning("Supervision by systemd was asked for, but nobody listens at NOTIFY_SOCKET");
        return Supervised::No;
    }
    log_warning(
        "Supervised by systemd. TimeoutStartSec and TimeoutStopSec of the unit must allow for "
        "loading and saving.");
    return Supervised::Systemd;
}

}  // namespace

Status go_to_background() {
    const pid_t child = fork();
    if (child < 0) return system_error("fork", errno);
    if (child > 0) _exit(0);
    setsid();
    const int null = open("/dev/null", O_RDWR);
    if (null < 0) return system_error("/dev/null", errno);
    for (int each : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(null, each);
    if (null > STDERR_FILENO) close(null);
    return done();
}

Status write_pid_file(const std::string& path) {
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file < 0) return system_error(path, errno);
    const std::string line = std::to_string(getpid()) + "\n";
    const ssize_t written = write(file, line.data(), line.size());
    const int code = errno;
    close(file);
    if (written != static_cast<ssize_t>(line.size())) return system_error(path, code);
    return done();
}

Supervised begin_supervision(Supervised wanted) {
    switch (wanted == Supervised::Auto ? found_supervisor() : wanted) {
        case Supervised::Upstart:
            return begin_upstart();
        case Supervised::Systemd:
            return begin_systemd();
        case Supervised::Auto:
        case Supervised::No:
            break;
    }
    return Supervised::No;
}

bool notify_systemd(std::string_view state) {
    const char* path = std::getenv(kSystemdSocket);
    if (path == nullptr) return false;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const size_t path_bytes = std::strlen(path);
    if (path_bytes < 2 || path_bytes >= sizeof address.sun_path) return false;
    std::copy_n(path, path_bytes, address.sun_path);
    // An abstract name begins with a zero byte, for which the variable has '@'.
    if (address.sun_path[0] == '@') address.sun_path[0] = '\0';

    const int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return false;
    const auto address_bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path_bytes);
    const void* any_address = &address;
    const ssize_t sent = sendto(descriptor, state.data(), state.size(), MSG_NOSIGNAL,
                                static_cast<const sockaddr*>(any_address), address_bytes);
    close(descriptor);
    return sent == static_cast<ssize_t>(state.size());
}

}  // namespace millrace::server
