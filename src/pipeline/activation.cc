// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/activation.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>

namespace millrace::pipeline {
namespace {

constexpr double kBusyShare = 0.8;
constexpr double kIdleShare = 0.6;
constexpr double kCoreNeeded = 0.6;  // Idle share of a core that a new thread needs.
constexpr double kGainNeeded = 1.03;
constexpr double kDelayShareMax = 0.05;
constexpr int kBusyTicks = 3;
constexpr int kIdleTicks = 20;
constexpr int64_t kTrialMs = 500;
constexpr int64_t kBackOffMaxMs = 60000;

double share(uint64_t part, uint64_t whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

void Activation::fail(const Sample& sample) {
    retry_after_ms_ = sample.now_ms + back_off_ms_;
    back_off_ms_ = std::min(back_off_ms_ * 2, kBackOffMaxMs);
    trial_ends_ms_ = 0;
}

int Activation::decide_idle(const Sample& sample, int available) {
    busy_ticks_ = share(sample.main_busy_ns, sample.elapsed_ns) > kBusyShare ? busy_ticks_ + 1 : 0;
    if (busy_ticks_ < kBusyTicks || sample.now_ms < retry_after_ms_) return 0;
    // With one I/O thread the work moves rather than spreads; two are the first real gain.
    const int room =
        std::min({available, static_cast<int>(sample.idle_cores + 1 - kCoreNeeded), 2});
    if (room < 1) return 0;
    busy_ticks_ = 0;
    rate_before_trial_ = share(sample.commands, sample.elapsed_ns);
    trial_from_ = 0;
    trial_ends_ms_ = sample.now_ms + kTrialMs;
    return room;
}

int Activation::decide_busy(const Sample& sample, int active, int available) {
    const double rate = share(sample.commands, sample.elapsed_ns);
    if (trial_ends_ms_ != 0) {
        if (sample.now_ms < trial_ends_ms_) return active;
        if (rate < rate_before_trial_ * kGainNeeded) {
            fail(sample);
            return trial_from_;
        }
        trial_ends_ms_ = 0;
        back_off_ms_ = 5000;
    }
    if (share(sample.main_delayed_ns, sample.elapsed_ns) > kDelayShareMax) {
        fail(sample);
        return active - 1;
    }
    const double busy = share(sample.threads_busy_ns, sample.elapsed_ns);  // In threads.
    const double main_busy = share(sample.main_busy_ns, sample.elapsed_ns);
    const bool too_many = active > 1 ? busy / (active - 1) < kIdleShare : busy + main_busy < 0.5;
    idle_ticks_ = too_many ? idle_ticks_ + 1 : 0;
    if (idle_ticks_ >= kIdleTicks) {
        idle_ticks_ = 0;
        return active - 1;
    }
    busy_ticks_ = busy / active > kBusyShare ? busy_ticks_ + 1 : 0;
    if (busy_ticks_ >= kBusyTicks && active < available && sample.idle_cores >= kCoreNeeded &&
        sample.now_ms >= retry_after_ms_) {
        busy_ticks_ = 0;
        rate_before_trial_ = rate;
        trial_from_ = active;
        trial_ends_ms_ = sample.now_ms + kTrialMs;
        return active + 1;
    }
    return active;
}

int Activation::decide(const Sample& sample, int active, int available) {
    available = std::min(available, cores_ - 1);
    if (available <= 0) return 0;
    active = std::min(active, available);
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
