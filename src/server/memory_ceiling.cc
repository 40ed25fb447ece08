// SPDX-License-Identifier: BSD-3-Clause
#include "server/memory_ceiling.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "base/numbers.h"

namespace millrace::server {
namespace {

std::string content_of(const std::string& path) {
    const std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

// A limit as the kernel writes it: bytes and a line end, or "max". 0: there is none.
uint64_t limit_in(const std::string& path) {
    // Version 1 says "no limit" as a number of this size.
    constexpr int64_t kUnlimited = int64_t{1} << 60;
    const std::string text = content_of(path);
    const auto bytes = parse_integer(std::string_view(text).substr(0, text.find('\n')));
    return bytes && *bytes > 0 && *bytes < kUnlimited ? static_cast<uint64_t>(*bytes) : 0;
}

// Of a group and all that it is in.
uint64_t limit_above(const std::string& root, std::string group, const char* file) {
    uint64_t least = 0;
    for (;;) {
        const uint64_t limit = limit_in(root + group + "/" + file);
        if (limit != 0) least = least == 0 ? limit : std::min(least, limit);
        if (group.empty() || group == "/") return least;
        group.resize(group.rfind('/'));
    }
}

}  // namespace

uint64_t control_group_limit(std::string_view groups, const std::string& mount) {
    uint64_t least = 0;
    while (!groups.empty()) {
        // "0::/group" of version 2, "4:memory:/group" of version 1.
        const std::string_view line = groups.substr(0, groups.find('\n'));
        groups.remove_prefix(std::min(groups.size(), line.size() + 1));
        const size_t first = line.find(':');
        if (first == std::string_view::npos) continue;
        const size_t second = line.find(':', first + 1);
        if (second == std::string_view::npos) continue;
        const std::string_view controllers = line.substr(first + 1, second - first - 1);
        const std::string group(line.substr(second + 1));
        uint64_t limit = 0;
        if (controllers.empty()) {
            limit = limit_above(mount, group, "memory.max");
        } else if (controllers.find("memory") != std::string_view::npos) {
            limit = limit_above(mount + "/memory", group, "memory.limit_in_bytes");
        }
        if (limit != 0) least = least == 0 ? limit : std::min(least, limit);
    }
    return least;
}

uint64_t automatic_memory_limit() {
    const long pages = sysconf(_SC_PHYS_PAGES);
    const long page_bytes = sysconf(_SC_PAGESIZE);
    uint64_t ceiling = 0;
    if (pages > 0 && page_bytes > 0) {
        ceiling = static_cast<uint64_t>(pages) * static_cast<uint64_t>(page_bytes);
    }
    const uint64_t group = control_group_limit(content_of("/proc/self/cgroup"), "/sys/fs/cgroup");
    if (group != 0) ceiling = ceiling == 0 ? group : std::min(ceiling, group);
    return ceiling / 5 * 4;
}

}  // namespace millrace::server
