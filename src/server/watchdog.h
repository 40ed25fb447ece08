// SPDX-License-Identifier: BSD-3-Clause
//
// `watchdog-period`: writes the stack traces of all threads to the log when the main loop has not
// come round for so long. A SIGALRM from outside does the same at once.
//
// Owner:   the process: a signal handler gets no argument.
// Threads: main thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace millrace::server {

// From now on SIGALRM is answered with stack traces in the log at `log_path` (empty: standard
// output).
void install_watchdog(std::string_view log_path);

// The cron calls it each time round: the alarm goes off unless it is called again within
// `milliseconds`. 0: off.
void feed_watchdog(int64_t milliseconds);

}  // namespace millrace::server
