// SPDX-License-Identifier: BSD-3-Clause
#include "server/memory_ceiling.h"

#include <fmt/format.h>
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

namespace {

uint64_t own_group_limit() {
    return control_group_limit(content_of("/proc/self/cgroup"), "/sys/fs/cgroup");
}

}  // namespace

uint64_t memory_ceiling() {
    const long pages = sysconf(_SC_PHYS_PAGES);
    const long page_bytes = sysconf(_SC_PAGESIZE);
    uint64_t ceiling = 0;
    if (pages > 0 && page_bytes > 0) {
        ceiling = static_cast<uint64_t>(pages) * static_cast<uint64_t>(page_bytes);
    }
    const uint64_t group = own_group_limit();
    if (group != 0) ceiling = ceiling == 0 ? group : std::min(ceiling, group);
    return ceiling;
}

uint64_t automatic_memory_limit() {
    return memory_ceiling() / 5 * 4;
}

MemorySurroundings memory_surroundings() {
    return {.ceiling = memory_ceiling(),
            .in_group = own_group_limit() != 0,
            .overcommit = content_of("/proc/sys/vm/overcommit_memory"),
            .huge_pages = content_of("/sys/kernel/mm/transparent_hugepage/enabled")};
}

std::vector<std::string> memory_warnings(const MemorySurroundings& surroundings, uint64_t limit) {
    std::vector<std::string> lines;
    if (limit > surroundings.ceiling && surroundings.ceiling != 0) {
        lines.push_back(
            fmt::format("maxmemory is {} bytes, but this process can have no more than {}: the "
                        "system would end it before the limit is reached. 'maxmemory auto' fits.",
                        limit, surroundings.ceiling));
    }
    if (limit == 0 && surroundings.in_group) {
        lines.push_back(
            fmt::format("The control group of this process allows {} bytes, and maxmemory is not "
                        "set: the system would end the process there. 'maxmemory auto' avoids it.",
                        surroundings.ceiling));
    }
    if (surroundings.overcommit.starts_with('2')) {
        lines.push_back(
            "vm.overcommit_memory is 2: the system may refuse memory although there is some. "
            "0 or 1 is better.");
    }
    if (surroundings.huge_pages.find("[never]") != std::string::npos) {
        lines.push_back(
            "Huge pages are off (transparent_hugepage is 'never'): reading at random costs more. "
            "'madvise' is enough.");
    }
    return lines;
}

}  // namespace millrace::server
