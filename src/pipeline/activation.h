// SPDX-License-Identifier: BSD-3-Clause
//
// How many I/O threads to use (rules R5 and R7). The signal is measured busy time, never queue
// length, which also grows when there are too few cores.
//
// - A thread needs a core: threads are added only while the machine has idle cores within our
//   affinity mask and quota, so a load generator, a neighbour or a quota keeps them away.
// - Every change that a busy main thread asks for is a trial: once it has settled, throughput must
//   have risen over the best that was seen without it, or the threads go at once and the next trial
//   waits longer, up to a minute.
// - Some seconds after the first threads came, and ever more rarely from then on, the opposite is
//   tried: where the main thread does as much alone, the threads go. So a load that rose by itself
//   during a trial does not keep threads that cost more than they bring.
// - Threads that have little to do are taken away; below half a core of work in all, everything
//   runs on the main thread.
//
// Owner:   the pipeline. Threads: main thread.
#pragma once

#include <cstdint>
#include <optional>

namespace millrace::pipeline {

class Activation {
public:
    // What was measured since the last decision; times in nanoseconds of `elapsed_ns`.
    struct Sample {
        int64_t now_ms;
        uint64_t elapsed_ns;
        uint64_t main_busy_ns;
        uint64_t threads_busy_ns;  // Of all active threads together.
        uint64_t main_delayed_ns = 0;  // The main thread was ready to run but had no core.
        double idle_cores = 0;         // Of those that we may use.
        uint64_t commands;
    };

    explicit Activation(int cores);

    // Whether a decision may need `main_delayed_ns` and `idle_cores`, which cost calls of the system.
    bool needs_system(const Sample& sample, int active) const;

    // The number of threads to use from now on, of `available`, with `active` in use.
    int decide(const Sample& sample, int active, int available);

private:
    // What the main thread did alone while it was busy.
    struct Busy {
        int ticks = 0;
        double best_rate = 0;
        double least_idle_cores = 0;
    };
    struct Trial {
        int otherwise;       // The number of threads if it fails.
        double rate_before;  // Commands per nanosecond.
        double gain_needed;
        int64_t settled_ms;
        int64_t ends_ms;
        uint64_t commands = 0;  // Since it settled.
        uint64_t elapsed_ns = 0;
    };

    int decide_idle(const Sample& sample, int available);
    int decide_busy(const Sample& sample, int active, int available);
    int decide_trial(const Sample& sample, int active);
    void begin_trial(const Sample& sample, int otherwise, double rate_before, double gain_needed);
    void back_off(int64_t now_ms);

    const int cores_;
    Busy busy_;
    int busy_ticks_ = 0;  // Of the threads.
    int idle_ticks_ = 0;
    std::optional<Trial> trial_;
    int64_t retry_after_ms_ = 0;
    int64_t back_off_ms_;
    int64_t alone_after_ms_ = 0;  // When the main thread is to be tried alone.
    int64_t alone_every_ms_;
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
