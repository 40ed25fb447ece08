// SPDX-License-Identifier: BSD-3-Clause
//
// Adds samples and forgets them.

#include "observe/latency_monitor.h"

#include <algorithm>

namespace millrace::observe {

void LatencyMonitor::add(std::string_view event, int64_t unix_seconds, int64_t milliseconds) {
    auto found = events_.find(event);
    if (found == events_.end()) found = events_.emplace(std::string(event), LatencyEvent()).first;
    LatencyEvent& history = found->second;
    history.highest_ms = std::max(history.highest_ms, milliseconds);
    history.sum_ms += milliseconds;
    ++history.count;

    const size_t last = (history.next + LatencyEvent::kSamples - 1) % LatencyEvent::kSamples;
    LatencySample& latest = history.samples[last];
    if (latest.unix_seconds == unix_seconds) {
        latest.milliseconds = std::max(latest.milliseconds, milliseconds);
        return;
    }
    history.samples[history.next] = {unix_seconds, milliseconds};
    history.next = (history.next + 1) % LatencyEvent::kSamples;
}

int LatencyMonitor::reset(std::string_view event) {
    if (event.empty()) {
        const int removed = static_cast<int>(events_.size());
        events_.clear();
        return removed;
    }
    const auto found = events_.find(event);
    if (found == events_.end()) return 0;
    events_.erase(found);
    return 1;
}

}  // namespace millrace::observe
