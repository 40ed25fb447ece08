// SPDX-License-Identifier: BSD-3-Clause
//
// Reads a histogram: edges, percentiles, cumulative counts.

#include "observe/histogram.h"

#include <algorithm>
#include <cmath>

namespace millrace::observe {

uint64_t Histogram::upper_edge(size_t index) {
    if (index < kSteps) return index;
    const size_t power = index / kSteps - 1;
    const uint64_t mantissa = kSteps + index % kSteps;
    return ((mantissa + 1) << power) - 1;
}

uint64_t Histogram::percentile(double percent) const {
    if (total_ == 0) return 0;
    const double share = std::clamp(percent, 0.0, 100.0) / 100.0 * static_cast<double>(total_);
    const uint64_t wanted = std::max<uint64_t>(1, static_cast<uint64_t>(std::ceil(share - 0.5)));
    uint64_t seen = 0;
    for (size_t index = 0; index < kCells; ++index) {
        seen += counts_[index];
        if (seen >= wanted) return upper_edge(index);
    }
    return highest();
}

uint64_t Histogram::count_to(uint64_t value) const {
    const size_t last = index_of(value);
    uint64_t seen = 0;
    for (size_t index = 0; index <= last; ++index) seen += counts_[index];
    return seen;
}

uint64_t Histogram::highest() const {
    for (size_t index = kCells; index > 0; --index) {
        if (counts_[index - 1] != 0) return upper_edge(index - 1);
    }
    return 0;
}

}  // namespace millrace::observe
