// SPDX-License-Identifier: BSD-3-Clause
//
// What the experiments share: pinning, clocks, medians, and the tiny size that the tests run.
//
// Owner:   nobody; plain functions over their arguments.
// Threads: any.
// Limits:  Linux on x86-64 or arm64; a machine of one core still works, but means nothing.
#pragma once

#include <pthread.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <thread>
#include <vector>

namespace millrace::experiments {

// True when the sizes must be small: the run only proves that the experiment still works.
inline bool tiny() {
    return std::getenv("MILLRACE_BENCH_TINY") != nullptr;
}

inline bool two_cores() {
    return std::thread::hardware_concurrency() >= 2;
}

// Pins the calling thread; quietly does nothing where that is not allowed.
inline void pin_to_core(int core) {
    if (!two_cores()) return;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

inline int64_t clock_ns(clockid_t clock) {
    timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}
inline int64_t wall_ns() {
    return clock_ns(CLOCK_MONOTONIC);
}

// Time on a core only, so that other work on the machine counts little.
inline int64_t thread_cpu_ns() {
    return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

inline void relax() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#else
    asm volatile("yield");
#endif
}

inline double median(std::vector<double> values) {
    if (values.empty()) return 0;
    auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

inline double percentile(std::vector<double> values, double share) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    const auto last = static_cast<double>(values.size() - 1);
    return values[static_cast<size_t>(last * share)];
}

// xorshift64*: fast, and the same on every machine.
class Random {
public:
    explicit Random(uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15ULL + 1) {}
    uint64_t next() {
        state_ ^= state_ >> 12;
        state_ ^= state_ << 25;
        state_ ^= state_ >> 27;
        return state_ * 0x2545F4914F6CDD1DULL;
    }
    uint64_t below(uint64_t bound) { return (next() >> 11) % bound; }

private:
    uint64_t state_;
};

}  // namespace millrace::experiments
