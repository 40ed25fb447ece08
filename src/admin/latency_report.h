// SPDX-License-Identifier: BSD-3-Clause
//
// What LATENCY GRAPH and LATENCY DOCTOR make of the samples.
//
// Threads: any; touches only its arguments.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "observe/latency_monitor.h"

namespace millrace::admin {

// A picture of an event's samples, oldest on the left, each with its age below it.
std::string draw_latency(std::string_view event, const observe::LatencyEvent& history,
                         int64_t now_seconds);

// What the samples of one event have in common.
struct LatencyAnalysis {
    int64_t samples = 0;
    int64_t mean_ms = 0;
    int64_t deviation_ms = 0;  // Mean distance from the mean.
    double period_seconds = 0;
    int64_t highest_ms = 0;
};
LatencyAnalysis analyse(const observe::LatencyEvent& history, int64_t now_seconds);

using LatencyEvents = std::map<std::string, observe::LatencyEvent, std::less<>>;
std::string diagnose_latency(const LatencyEvents& events, int64_t threshold_ms,
                             int64_t now_seconds);

}  // namespace millrace::admin
