// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/activation.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <utility>

namespace millrace::pipeline {
namespace {

constexpr double kBusyShare = 0.8;
constexpr double kIdleShare = 0.6;
constexpr double kCoreNeeded = 0.6;  // Idle share of a core that a new thread needs.
constexpr double kDelayShareMax = 0.05;
constexpr int kBusyTicks = 3;
constexpr int kIdleTicks = 20;

// Of a trial. With one I/O thread the work moves rather than spreads, so it has to prove more.
constexpr double kGainNeeded = 1.05;
constexpr double kGainNeededOfOne = 1.10;
constexpr double kHopelessGain = 0.9;
constexpr double kGainNeededAlone = 0.97;
constexpr int64_t kSettleMs = 200;
constexpr int64_t kTrialMs = 600;

constexpr int64_t kBackOffFirstMs = 5000;
constexpr int64_t kBackOffMaxMs = 60000;
constexpr int64_t kAloneFirstMs = 3000;
constexpr int64_t kAloneMaxMs = 600000;

double share(uint64_t part, uint64_t whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

Activation::Activation(int cores)
    : cores_(cores), back_off_ms_(kBackOffFirstMs), alone_every_ms_(kAloneFirstMs) {}

bool Activation::needs_system(const Sample& sample, int active) const {
    return active > 0 || trial_ || share(sample.main_busy_ns, sample.elapsed_ns) > kBusyShare;
}

void Activation::back_off(int64_t now_ms) {
    retry_after_ms_ = now_ms + back_off_ms_;
    back_off_ms_ = std::min(back_off_ms_ * 2, kBackOffMaxMs);
}

void Activation::begin_trial(const Sample& sample, int otherwise, double rate_before,
                             double gain_needed) {
    trial_ = {.otherwise = otherwise,
              .rate_before = rate_before,
              .gain_needed = gain_needed,
              .settled_ms = sample.now_ms + kSettleMs,
              .ends_ms = sample.now_ms + kTrialMs};
}

int Activation::decide_trial(const Sample& sample, int active) {
    Trial& trial = *trial_;
    if (sample.now_ms <= trial.settled_ms) return active;
    trial.commands += sample.commands;
    trial.elapsed_ns += sample.elapsed_ns;
    const double gain = share(trial.commands, trial.elapsed_ns) / trial.rate_before;
    if (sample.now_ms < trial.ends_ms && gain >= kHopelessGain) return active;
    const bool succeeded = gain >= trial.gain_needed;
    const bool alone = active == 0;
    const int otherwise = trial.otherwise;
    trial_.reset();
    // A trial of the main thread alone shows what threads are worth.
    if (succeeded == alone) {
        back_off(sample.now_ms);
    } else {
        back_off_ms_ = kBackOffFirstMs;
    }
    if (!alone && succeeded && otherwise == 0) alone_every_ms_ = kAloneFirstMs;
    alone_after_ms_ = sample.now_ms + alone_every_ms_;
    alone_every_ms_ = std::min(alone_every_ms_ * 2, kAloneMaxMs);
    return succeeded ? active : otherwise;
}

int Activation::decide_idle(const Sample& sample, int available) {
    const bool busy = share(sample.main_busy_ns, sample.elapsed_ns) > kBusyShare;
    if (!busy || sample.now_ms < retry_after_ms_) {
        busy_ = {};
        return 0;
    }
    busy_.best_rate = std::max(busy_.best_rate, share(sample.commands, sample.elapsed_ns));
    busy_.least_idle_cores =
        busy_.ticks == 0 ? sample.idle_cores : std::min(busy_.least_idle_cores, sample.idle_cores);
    if (++busy_.ticks < kBusyTicks) return 0;
    // Two threads are the first real gain.
    const int room =
        std::min({available, static_cast<int>(busy_.least_idle_cores + 1 - kCoreNeeded), 2});
    const double rate = std::exchange(busy_, {}).best_rate;
    if (room < 1 || rate <= 0) return 0;
    begin_trial(sample, 0, rate, room == 1 ? kGainNeededOfOne : kGainNeeded);
    return room;
}

int Activation::decide_busy(const Sample& sample, int active, int available) {
    if (share(sample.main_delayed_ns, sample.elapsed_ns) > kDelayShareMax) {
        back_off(sample.now_ms);
        return active - 1;
    }
    const double rate = share(sample.commands, sample.elapsed_ns);
    const double busy = share(sample.threads_busy_ns, sample.elapsed_ns);  // In threads.
    const double main_busy = share(sample.main_busy_ns, sample.elapsed_ns);
    const bool too_many = active > 1 ? busy / (active - 1) < kIdleShare : busy + main_busy < 0.5;
    idle_ticks_ = too_many ? idle_ticks_ + 1 : 0;
    if (idle_ticks_ >= kIdleTicks) {
        idle_ticks_ = 0;
        return active - 1;
    }
    if (sample.now_ms >= alone_after_ms_ && rate > 0) {
        begin_trial(sample, active, rate, kGainNeededAlone);
        return 0;
    }
    busy_ticks_ = busy / active > kBusyShare ? busy_ticks_ + 1 : 0;
    if (busy_ticks_ >= kBusyTicks && active < available && sample.idle_cores >= kCoreNeeded &&
        sample.now_ms >= retry_after_ms_ && rate > 0) {
        busy_ticks_ = 0;
        begin_trial(sample, active, rate, kGainNeeded);
        return active + 1;
    }
    return active;
}

int Activation::decide(const Sample& sample, int active, int available) {
    available = std::min(available, cores_ - 1);
    if (available <= 0) {
        trial_.reset();
        return 0;
    }
    if (active > available) {
        trial_.reset();
        active = available;
    }
    if (trial_) return decide_trial(sample, active);
    return active == 0 ? decide_idle(sample, available) : decide_busy(sample, active, available);
}

double IdleCores::sample(int cores) {
    std::ifstream file("/proc/stat");
    std::string label;
    uint64_t user = 0, nice = 0, system = 0, idle = 0, wait = 0, interrupt = 0, soft = 0, steal = 0;
    if (!(file >> label >> user >> nice >> system >> idle >> wait >> interrupt >> soft >> steal))
        return 0;
    const uint64_t idle_now = idle + wait;
    const uint64_t all_now = user + nice + system + idle + wait + interrupt + soft + steal;
    const uint64_t idle_ticks = idle_now - idle_ticks_;
    const uint64_t all_ticks = all_now - all_ticks_;
    const bool first = all_ticks_ == 0;
    idle_ticks_ = idle_now;
    all_ticks_ = all_now;
    if (first || all_ticks == 0) return 0;
    const double machine_cores = static_cast<double>(sysconf(_SC_NPROCESSORS_ONLN));
    return std::min(share(idle_ticks, all_ticks) * machine_cores, static_cast<double>(cores));
}

uint64_t thread_run_delay_ns() {
    std::ifstream file("/proc/self/task/" + std::to_string(syscall(SYS_gettid)) + "/schedstat");
    uint64_t on_core = 0;
    uint64_t delayed = 0;
    file >> on_core >> delayed;
    return delayed;
}

}  // namespace millrace::pipeline
