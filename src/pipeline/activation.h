// SPDX-License-Identifier: BSD-3-Clause
//
// How many I/O threads to use (rules R5 and R7). The signal is measured busy time, never queue
// length, which also grows when there are too few cores.
//
// - A thread needs a core: threads are added only while the machine has idle cores within our
// affinity mask and quota, so
//   a load generator, a neighbour or a quota keeps them away.
// - Adding is a trial: after half a second throughput must have risen, or the threads go and the
// next trial waits longer,
//   up to a minute.
// - Threads that have little to do are taken away; below half a core of work in all, everything
// runs on the main thread.
//
// Owner:   the pipeline. Threads: main thread.
#pragma once

#include <cstdint>

namespace millrace::pipeline {

class Activation {
public:
    // What was measured since the last decision; times in nanoseconds of `elapsed_ns`.
    struct Sample {
        int64_t now_ms;
        uint64_t elapsed_ns;
        uint64_t main_busy_ns;
        uint64_t threads_busy_ns;  // Of all active threads together.
        uint64_t main_delayed_ns;  // The main thread was ready to run but had no core.
        double idle_cores;         // Of those that we may use.
        uint64_t commands;
    };

    explicit Activation(int cores) : cores_(cores) {}

    // The number of threads to use from now on, of `available`, with `active` in use.
    int decide(const Sample& sample, int active, int available);

private:
    int decide_idle(const Sample& sample, int available);
    int decide_busy(const Sample& sample, int active, int available);
    void fail(const Sample& sample);

    const int cores_;
    int busy_ticks_ = 0;
    int idle_ticks_ = 0;
    double rate_before_trial_ = 0;
    int trial_from_ = 0;
    int64_t trial_ends_ms_ = 0;
    int64_t retry_after_ms_ = 0;
    int64_t back_off_ms_ = 5000;
};

// Idle cores of this machine since the last call, at most `cores`; reads the system's statistics.
class IdleCores {
public:
    double sample(int cores);

private:
    uint64_t idle_ticks_ = 0;
    uint64_t all_ticks_ = 0;
};

// Nanoseconds that the calling thread has waited for a core since it started.
uint64_t thread_run_delay_ns();

}  // namespace millrace::pipeline
