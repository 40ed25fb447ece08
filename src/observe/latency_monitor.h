// SPDX-License-Identifier: BSD-3-Clause
//
// LATENCY: for each kind of event ("command", "fast-command", "expire-cycle", ...) the last 160
// seconds in which it took longer than `latency-monitor-threshold`.
//
// Owner:   the server. Threads: main thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace millrace::observe {

struct LatencySample {
    int64_t unix_seconds;
    int64_t milliseconds;
};

struct LatencyEvent {
    static constexpr size_t kSamples = 160;
    std::array<LatencySample, kSamples> samples{};  // A ring, one a second; unused: time 0.
    size_t next = 0;
    int64_t highest_ms = 0;
    int64_t sum_ms = 0;  // Of all events, those included that share a sample.
    int64_t count = 0;

    const LatencySample& latest() const { return samples[(next + kSamples - 1) % kSamples]; }

    // Used samples, oldest first.
    template <typename Visit>
    void for_each(Visit&& visit) const {
        for (size_t i = 0; i < kSamples; ++i) {
            const LatencySample& sample = samples[(next + i) % kSamples];
            if (sample.unix_seconds != 0) visit(sample);
        }
    }
};

class LatencyMonitor {
public:
    void set_threshold_ms(int64_t threshold) { threshold_ms_ = threshold; }
    int64_t threshold_ms() const { return threshold_ms_; }
    // Notes an event of `milliseconds`, if monitoring is on and it is long enough.
    void record(std::string_view event, int64_t unix_seconds, int64_t milliseconds) {
        if (threshold_ms_ > 0 && milliseconds >= threshold_ms_)
            add(event, unix_seconds, milliseconds);
    }
    const std::map<std::string, LatencyEvent, std::less<>>& events() const { return events_; }
    // Removes one event's history, or all with an empty name; how many it removed.
    int reset(std::string_view event);

private:
    void add(std::string_view event, int64_t unix_seconds, int64_t milliseconds);

    int64_t threshold_ms_ = 0;
    std::map<std::string, LatencyEvent, std::less<>> events_;
};

}  // namespace millrace::observe
