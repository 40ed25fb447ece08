// SPDX-License-Identifier: BSD-3-Clause
//
// INFO server: which program this is, and where it runs.

#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "admin/info/sections.h"

namespace millrace::admin::info {
namespace {

using observe::InfoWriter;
using observe::ServerFacts;

std::string operating_system() {
    utsname system{};
    uname(&system);
    return fmt::format("{} {} {}", system.sysname, system.release, system.machine);
}

// Compat: clang shows the version of GCC that it claims to be.
std::string compiler_version() {
    return fmt::format("{}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
}

void write_identity(InfoWriter& out, const ServerFacts& facts) {
    out.field("redis_version", ServerFacts::kRedisVersion);
    out.field("server_name", ServerFacts::kServerName);
    out.field("valkey_version", ServerFacts::kValkeyVersion);
    out.field("valkey_release_stage", ServerFacts::kReleaseStage);
    out.field("millrace_version", facts.millrace_version);
    out.field("redis_git_sha1", facts.git_sha1);
    out.field("redis_git_dirty", facts.git_dirty);
    out.field("redis_build_id", facts.build_id);
}

void write_uptime(InfoWriter& out, int64_t now_us, int64_t started_us) {
    const int64_t uptime_seconds = (now_us - started_us) / 1000000;
    out.field("server_time_usec", now_us);
    out.field("uptime_in_seconds", uptime_seconds);
    out.field("uptime_in_days", uptime_seconds / 86400);
}

}  // namespace

void register_server_section(observe::InfoRegistry& info, engine::Engine& engine) {
    const auto write = [&engine, system = operating_system()](InfoWriter& out) {
        const ServerFacts& facts = engine.server().facts;
        write_identity(out, facts);
        const bool as_redis = engine.settings().extended_redis_compatibility;
        out.field(as_redis ? "redis_mode" : "server_mode", facts.mode);
        out.field("os", system);
        out.field("arch_bits", static_cast<uint64_t>(sizeof(void*) * 8));
        out.field("monotonic_clock", facts.monotonic_clock);
        out.field("multiplexing_api", "epoll");
        out.field("gcc_version", compiler_version());
        out.field("process_id", static_cast<int64_t>(getpid()));
        out.field("process_supervised", facts.supervised);
        out.field("run_id", facts.run_id);
        out.field("tcp_port", facts.tcp_port);
        write_uptime(out, engine.now_us(), facts.started_unix_us);
        out.field("hz", facts.hz);
        out.field("configured_hz", facts.configured_hz);
        out.field("clients_hz", facts.clients_hz);
        out.field("lru_clock", engine.keyspace().access_clock().seconds());
        out.field("executable", facts.executable);
        out.field("config_file", facts.config_file);
        out.field("io_threads_active", engine.server().net.io_threads_active);
        out.field("availability_zone", facts.availability_zone);
        for (size_t i = 0; i < facts.listeners.size(); ++i) {
            out.field(fmt::format("listener{}", i), facts.listeners[i]);
        }
    };
    info.add("server", "Server", observe::InfoRegistry::kDefault, write);
}

}  // namespace millrace::admin::info
