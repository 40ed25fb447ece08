// SPDX-License-Identifier: BSD-3-Clause
#include "server/open_files.h"

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/log.h"

namespace millrace::server {
namespace {

// What the server opens for itself: listeners, files, the poller.
constexpr rlim_t kReserved = 32;

bool set_limit(rlim_t limit, rlim_t hard) {
    const rlimit raised{.rlim_cur = limit, .rlim_max = std::max(limit, hard)};
    return setrlimit(RLIMIT_NOFILE, &raised) == 0;
}

// The highest limit up to `wanted` that the system grants.
rlim_t raise_limit(rlim_t wanted, const rlimit& now) {
    if (set_limit(wanted, now.rlim_max)) return wanted;
    rlim_t granted = now.rlim_cur;
    rlim_t refused = wanted;
    while (refused - granted > 1) {
        const rlim_t middle = granted + (refused - granted) / 2;
        (set_limit(middle, now.rlim_max) ? granted : refused) = middle;
    }
    return granted;
}

}  // namespace

Result<int64_t> make_room_for_clients(int64_t clients) {
    const rlim_t wanted = static_cast<rlim_t>(clients) + kReserved;
    rlimit now{};
    if (getrlimit(RLIMIT_NOFILE, &now) != 0) {
        log_warning(
            "Unable to obtain the current NOFILE limit ({}), assuming 1024 and setting the max "
            "clients configuration accordingly.",
            std::strerror(errno));
        return std::min<int64_t>(clients, 1024 - static_cast<int64_t>(kReserved));
    }
    if (now.rlim_cur >= wanted) return clients;
    const rlim_t granted = raise_limit(wanted, now);
    if (granted >= wanted) {
        log_notice("Increased maximum number of open files to {} (it was originally set to {}).",
                   wanted, now.rlim_cur);
        return clients;
    }
    if (granted <= kReserved) {
        log_warning(
            "Your current 'ulimit -n' of {} is not enough for the server to start. Please increase "
            "your open file limit to at least {}. Exiting.",
            now.rlim_cur, wanted);
        return Error("ERR the limit of open files is too low");
    }
    const auto fitting = static_cast<int64_t>(granted - kReserved);
    log_warning("You requested maxclients of {} requiring at least {} max file descriptors.",
                clients, wanted);
    log_warning(
        "Current maximum open files is {}. maxclients has been reduced to {} to compensate for low "
        "ulimit. If you need higher maxclients increase 'ulimit -n'.",
        granted, fitting);
    return fitting;
}

}  // namespace millrace::server
