// SPDX-License-Identifier: BSD-3-Clause
//
// `maxclients` needs as many file descriptors; the system may allow fewer.
//
// Threads: main thread.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace millrace::server {

// Raises the process's limit of open files for `clients` clients and what the server opens itself.
// Returns how many clients fit, which may be fewer; the log says why. An error when not even the
// server itself fits.
Result<int64_t> make_room_for_clients(int64_t clients);

}  // namespace millrace::server
