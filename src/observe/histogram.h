// SPDX-License-Identifier: BSD-3-Clause
//
// A log-linear histogram: 16 linear steps in each power of two, so a recorded value is known to
// about 6 %.
//
// Owner:   whoever counts. Threads: the owner's.
// Limits:  values from 0 to 2^36 (a minute, in nanoseconds); larger ones count in the last step.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace millrace::observe {

class Histogram {
public:
    void record(uint64_t value) {
        ++counts_[index_of(value)];
        ++total_;
    }
    uint64_t total() const { return total_; }

    // The least value with at least `percent` % of the records at or below it (the upper edge of
    // its step); 0 when empty.
    uint64_t percentile(double percent) const;

    // How many records are at or below the upper edge of the step of `value`.
    uint64_t count_to(uint64_t value) const;
    uint64_t highest() const;
    void clear() { *this = Histogram(); }

private:
    static constexpr int kStepBits = 4;
    static constexpr uint64_t kSteps = 1u << kStepBits;
    static constexpr int kPowers = 36 - kStepBits + 1;
    static constexpr size_t kCells = static_cast<size_t>(kPowers) * kSteps;

    static size_t index_of(uint64_t value) {
        if (value < kSteps) return value;
        const int power = std::bit_width(value) - 1 - kStepBits;
        const size_t step = (value >> power) & (kSteps - 1);
        const size_t index = (static_cast<size_t>(power) + 1) * kSteps + step;
        return index < kCells ? index : kCells - 1;
    }
    static uint64_t upper_edge(size_t index);

    std::array<uint32_t, kCells> counts_{};
    uint64_t total_ = 0;
};

}  // namespace millrace::observe
