// SPDX-License-Identifier: BSD-3-Clause
//
// How many cores this process may use: its affinity mask and its cgroup's CPU quota. Taken once, at
// the start, because others may pin single threads later.
//
// Threads: any.
#pragma once

namespace millrace::threads {

// At least 1. The smaller of the affinity mask's cores and the quota, rounded up.
int usable_cores();

// What usable_cores() said when it was first asked for; the server asks before its first thread.
int usable_cores_at_start();

}  // namespace millrace::threads
