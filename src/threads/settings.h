// SPDX-License-Identifier: BSD-3-Clause
//
// Settings of the I/O threads and of the fast paths around them. Each field has the name of its
// directive.
//
// Owner:   Server.
// Threads: main thread.
#pragma once

#include <cstdint>

#include "config/registry.h"

namespace millrace::threads {

inline constexpr int64_t kIoThreadsMax = 256;

// `io-threads`: a number, the main thread included, or `auto`: as many as the processors allow.
struct IoThreads {
    int64_t count = 1;  // 0: auto.

    bool automatic() const { return count == 0; }
    bool operator==(const IoThreads&) const = default;
};

struct Settings {
    IoThreads io_threads;
    bool io_threads_always_active = false;
    int64_t prefetch_batch_max_size = 16;
    int64_t min_io_threads_avoid_copy_reply = 7;
    int64_t min_string_size_avoid_copy_reply = 16384;
    int64_t min_string_size_avoid_copy_reply_threaded = 65536;
};

void register_settings(config::Registry& registry, Settings& settings);

}  // namespace millrace::threads
