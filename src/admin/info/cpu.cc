// SPDX-License-Identifier: BSD-3-Clause
//
// INFO cpu: what the system counts for the process, and what the threads count as work.

#include <fmt/format.h>
#include <sys/resource.h>

#include "admin/info/sections.h"

namespace millrace::admin::info {
namespace {

using observe::InfoWriter;

void write_usage(InfoWriter& out, int who, const char* system_name, const char* user_name) {
    rusage usage{};
    getrusage(who, &usage);
    const auto seconds = [](const timeval& time) {
        return fmt::format("{}.{:06}", time.tv_sec, time.tv_usec);
    };
    out.field(system_name, seconds(usage.ru_stime));
    out.field(user_name, seconds(usage.ru_utime));
}

double active_seconds(const observe::ThreadUsage& thread) {
    return static_cast<double>(thread.active_nanoseconds.read()) / 1e9;
}

}  // namespace

void register_cpu_section(observe::InfoRegistry& info, engine::Engine& engine) {
    info.add("cpu", "CPU", observe::InfoRegistry::kDefault, [&engine](InfoWriter& out) {
        write_usage(out, RUSAGE_SELF, "used_cpu_sys", "used_cpu_user");
        write_usage(out, RUSAGE_CHILDREN, "used_cpu_sys_children", "used_cpu_user_children");
        // INFO runs on the main thread, so "this thread" is it.
        write_usage(out, RUSAGE_THREAD, "used_cpu_sys_main_thread", "used_cpu_user_main_thread");
        const observe::ThreadUsages& threads = engine.server().threads;
        out.field("used_active_time_main_thread", active_seconds(threads[0]), 6);
        // Those that have not been needed yet have no usage.
        const size_t configured = engine.server().net.io_threads_configured;
        for (size_t i = 1; i <= configured; ++i) {
            out.field(fmt::format("used_active_time_io_thread_{}", i),
                      i < threads.size() ? active_seconds(threads[i]) : 0.0, 6);
        }
    });
}

}  // namespace millrace::admin::info
