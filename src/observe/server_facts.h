// SPDX-License-Identifier: BSD-3-Clause
//
// What is to be said about this process: filled by the server while it starts, read by INFO, HELLO,
// LOLWUT, CLUSTER and others.
//
// Owner:   ServerState. Threads: main thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace millrace::observe {

struct ServerFacts {
    // Compat: whom the server takes itself for; tools decide by these what it can do.
    static constexpr const char* kRedisVersion = "7.2.4";
    static constexpr const char* kServerName = "valkey";
    static constexpr const char* kValkeyVersion = "9.1.2";
    static constexpr const char* kReleaseStage = "ga";

    std::string millrace_version = "0.1.0";
    std::string git_sha1 = "00000000";
    bool git_dirty = false;
    std::string build_id = "0";
    std::string mode = "standalone";  // Or "cluster", "sentinel".

    std::string executable;      // Absolute.
    std::string config_file;     // Absolute; empty without one.
    std::string run_id;          // 40 hexadecimal digits.
    std::string replication_id;  // Likewise, of the data set.
    std::string supervised = "no";
    std::string monotonic_clock = "POSIX clock_gettime";
    // One text a listener: "name=tcp,bind=*,bind=-::*,port=6379".
    std::vector<std::string> listeners;
    int tcp_port = 0;

    int64_t started_unix_us = 0;
    int64_t started_monotonic_ns = 0;

    // Copies of settings, kept up to date by their hooks; `hz` is what is used now.
    int hz = 10;
    int configured_hz = 10;
    int clients_hz = 10;
    std::string availability_zone;
};

}  // namespace millrace::observe
