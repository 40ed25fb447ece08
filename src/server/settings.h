// SPDX-License-Identifier: BSD-3-Clause
//
// Settings of the process: daemon, title, crash reports, signals, scheduling. Each field has the
// name of its directive.
//
// Owner:   Server.
// Threads: main thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "config/registry.h"

namespace millrace::server {

enum class Supervised { No, Auto, Systemd, Upstart };

enum class OomScoreAdj { No, Relative, Absolute };

// Bits of `shutdown-on-sigint` and `shutdown-on-sigterm`, as the words of SHUTDOWN.
inline constexpr uint32_t kShutdownDefault = 0;
inline constexpr uint32_t kShutdownSave = 1 << 0;
inline constexpr uint32_t kShutdownNosave = 1 << 1;
inline constexpr uint32_t kShutdownNow = 1 << 2;
inline constexpr uint32_t kShutdownForce = 1 << 3;
inline constexpr uint32_t kShutdownSafe = 1 << 4;
inline constexpr uint32_t kShutdownFailover = 1 << 5;

// Primary, replica, background child.
using OomScores = std::array<int64_t, 3>;

struct Settings {
    // The working directory, absolute; the process is already there.
    std::string dir;

    bool daemonize = false;
    std::string pidfile;
    Supervised supervised = Supervised::No;
    bool set_proc_title = true;
    std::string proc_title_template = "{title} {listen-addr} {server-mode}";
    bool always_show_logo = false;
    std::string availability_zone;
    std::string locale_collate;
    std::string ignore_warnings;
    std::string debug_context;

    bool crash_log_enabled = true;
    bool crash_memcheck_enabled = true;
    bool use_exit_on_panic = false;
    bool enable_debug_assert = false;
    int64_t watchdog_period = 0;  // Milliseconds; 0: off.

    int64_t hz = 10;
    bool disable_thp = true;
    OomScoreAdj oom_score_adj = OomScoreAdj::No;
    OomScores oom_score_adj_values = {0, 200, 800};
    std::string server_cpulist;
    std::string bio_cpulist;
    std::string aof_rewrite_cpulist;
    std::string bgsave_cpulist;

    int64_t shutdown_timeout = 10;  // Seconds that replicas get to catch up.
    uint32_t shutdown_on_sigint = kShutdownDefault;
    uint32_t shutdown_on_sigterm = kShutdownDefault;
};

void register_settings(config::Registry& registry, Settings& settings);

}  // namespace millrace::server
