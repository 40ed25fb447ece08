// SPDX-License-Identifier: BSD-3-Clause
#include "server/watchdog.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "server/thread_traces.h"

namespace millrace::server {
namespace {

struct State {
    char log_path[4096] = "";
    int utc_offset_seconds = 0;
    bool armed = false;
};
State state;

void on_alarm(int, siginfo_t* info, void*) {
    const int saved_errno = errno;
    const bool to_file = state.log_path[0] != '\0';
    const int log = to_file ? open(state.log_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644)
                            : STDOUT_FILENO;
    if (log >= 0) {
        CrashWriter out(log);
        out.text("\n").line_start('M', state.utc_offset_seconds);
        // The kernel's timer has no process id.
        out.text(info->si_pid == 0 ? "--- WATCHDOG TIMER EXPIRED ---\n" : "Received SIGALRM\n");
        write_thread_traces(out, nullptr);
        out.text("--------\n");
    }
    if (to_file && log >= 0) close(log);
    errno = saved_errno;
}

}  // namespace

void install_watchdog(std::string_view log_path) {
    const size_t bytes = std::min(log_path.size(), sizeof state.log_path - 1);
    std::copy_n(log_path.data(), bytes, state.log_path);
    state.log_path[bytes] = '\0';
    const time_t now = time(nullptr);
    tm local{};
    localtime_r(&now, &local);
    state.utc_offset_seconds = static_cast<int>(local.tm_gmtoff);

    install_thread_traces();
    struct sigaction action {};
    action.sa_sigaction = on_alarm;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaction(SIGALRM, &action, nullptr);
}

void feed_watchdog(int64_t milliseconds) {
    if (milliseconds == 0 && !state.armed) return;
    state.armed = milliseconds != 0;
    itimerval timer{};
    timer.it_value.tv_sec = milliseconds / 1000;
    timer.it_value.tv_usec = milliseconds % 1000 * 1000;
    setitimer(ITIMER_REAL, &timer, nullptr);
}

}  // namespace millrace::server
