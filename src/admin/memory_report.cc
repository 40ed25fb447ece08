// SPDX-License-Identifier: BSD-3-Clause
//
// Judges a MemoryOverview.

#include "admin/memory_report.h"

#include <fmt/format.h>

#include "observe/info_registry.h"

namespace millrace::admin {
namespace {

constexpr uint64_t kMegabyte = 1024 * 1024;
constexpr uint64_t kWorthALook = 5 * kMegabyte;
constexpr uint64_t kWorthMentioning = 10 * kMegabyte;
constexpr uint64_t kClientBytesUsual = 200 * 1024;

uint64_t excess(uint64_t a, uint64_t b) {
    return a > b ? a - b : 0;
}

}  // namespace

std::string diagnose_memory(const MemoryOverview& memory) {
    if (memory.used < kWorthALook) {
        return "There is too little data to say anything about its memory.\n";
    }
    const AllocatorStatistics& allocator = memory.allocator;
    std::string found;
    if (2 * memory.peak > 3 * memory.used) {
        found += fmt::format(
            "- The peak was {}, {} are used now. What was freed may not all have gone back to the "
            "system; MEMORY PURGE asks for it.\n",
            observe::human_bytes(memory.peak), observe::human_bytes(memory.used));
    }
    if (ratio(allocator.active, allocator.allocated) > 1.4 &&
        excess(allocator.active, allocator.allocated) > kWorthMentioning) {
        found +=
            "- Pages of the allocator are partly empty (allocator_frag_ratio): values of "
            "changing sizes do that.\n";
    }
    if (ratio(allocator.resident, allocator.active) > 1.1 &&
        excess(allocator.resident, allocator.active) > kWorthMentioning) {
        found +=
            "- The allocator keeps free pages (allocator_rss_ratio). It gives them back in "
            "time; MEMORY PURGE does so at once.\n";
    }
    if (ratio(memory.resident, allocator.resident) > 1.1 &&
        excess(memory.resident, allocator.resident) > kWorthMentioning) {
        found += "- The process holds memory besides the allocator's (rss_overhead_ratio).\n";
    }
    if (memory.client_count != 0 && memory.clients / memory.client_count > kClientBytesUsual) {
        found +=
            "- Clients hold large buffers: CLIENT LIST shows which (tot-mem). Slow readers "
            "and huge pipelines do that.\n";
    }
    if (found.empty()) return "Memory is used well; nothing stands out.\n";
    return "Something stands out:\n\n" + found;
}

std::string describe_allocator(const MemoryOverview& memory, std::string_view allocator) {
    const AllocatorStatistics& counts = memory.allocator;
    return fmt::format(
        "Memory is allocated by {}, entries in slabs of our own\n"
        "Used by the program: {}\n"
        "Allocated: {}, active: {}, resident: {}, muzzy: {}\n"
        "Resident set of the process: {}\n",
        allocator, memory.used, counts.allocated, counts.active, counts.resident, counts.muzzy,
        memory.resident);
}

}  // namespace millrace::admin
