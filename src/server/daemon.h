// SPDX-License-Identifier: BSD-3-Clause
//
// How the process relates to whoever started it: a background process, a pid file, a supervisor
// that wants to know when the server is ready.
//
// Threads: main thread, before any other thread exists.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "server/settings.h"

namespace millrace::server {

// Goes on in a child process of its own session, with standard input and output on /dev/null; the
// parent exits.
Status go_to_background();

// A line with the process id. The error is for the log only: the server starts all the same.
Status write_pid_file(const std::string& path);

// Who really supervises us; `wanted` may ask to find out. With Upstart the process has been stopped
// and continued when this returns, which is how Upstart learns that it is ready. The log says what
// was found.
Supervised begin_supervision(Supervised wanted);

// Tells systemd, such as "READY=1\n"; false when nobody listens at $NOTIFY_SOCKET.
bool notify_systemd(std::string_view state);

}  // namespace millrace::server
