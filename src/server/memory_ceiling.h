// SPDX-License-Identifier: BSD-3-Clause
//
// How much memory the process may have: what its control group allows, or else the machine has.
//
// Threads: any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::server {

// The smallest limit of the control groups that /proc/self/cgroup names, up to the root; 0 if there
// is none. `groups` is the content of that file, `mount` where the groups are mounted.
uint64_t control_group_limit(std::string_view groups, const std::string& mount);

// What the process may have altogether; 0 if nobody says.
uint64_t memory_ceiling();

// For `maxmemory auto`: four fifths of the ceiling. The rest is for what does not count towards the
// limit: pages that are not full, the program itself, the kernel's buffers of connections.
uint64_t automatic_memory_limit();

// What about memory is not as it should be, a line each. `limit` is `maxmemory`, 0 for none.
struct MemorySurroundings {
    uint64_t ceiling = 0;
    bool in_group = false;    // The ceiling is a control group's.
    std::string overcommit;   // vm.overcommit_memory
    std::string huge_pages;   // "always [madvise] never"
};
MemorySurroundings memory_surroundings();
std::vector<std::string> memory_warnings(const MemorySurroundings& surroundings, uint64_t limit);

}  // namespace millrace::server
