// SPDX-License-Identifier: BSD-3-Clause
//
// LATENCY HISTOGRAM: the run times of commands as cumulative counts.
//
// Threads: main thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/call.h"
#include "observe/histogram.h"

namespace millrace::admin {

// Pairs of microseconds and how many records took no longer; only those where the count grows.
std::vector<std::pair<int64_t, uint64_t>> cumulative_counts(const observe::Histogram& nanoseconds);

// Answers for the commands of these names, containers standing for their subcommands; for all when
// there are none. Unknown ones and those that never ran are left out.
void reply_histograms(engine::Call& call, std::span<const std::string_view> names);

}  // namespace millrace::admin
