// SPDX-License-Identifier: BSD-3-Clause
//
// The mean of the last 16 rates of a growing count: the instantaneous_* fields of INFO. Sampled
// every 100 ms, it covers 1.6 s.
//
// Owner:   ServerState. Threads: main thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace millrace::observe {

class RateMeter {
public:
    static constexpr size_t kSamples = 16;

    // `reading` is the count so far, `base` what it is measured by so far (time, or cycles). The
    // sample is the growth of one by that of the other, times `factor`.
    void sample(uint64_t reading, uint64_t base, uint64_t factor);

    uint64_t mean() const;
    void clear() { *this = RateMeter(); }

private:
    std::array<uint64_t, kSamples> rates_{};
    size_t next_ = 0;
    uint64_t last_reading_ = 0;
    uint64_t last_base_ = 0;  // 0: no sample yet.
};

}  // namespace millrace::observe
