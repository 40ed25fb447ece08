// SPDX-License-Identifier: BSD-3-Clause
//
// Takes samples and averages them.

#include "observe/rate_meter.h"

namespace millrace::observe {

__extension__ using Wide = unsigned __int128;

void RateMeter::sample(uint64_t reading, uint64_t base, uint64_t factor) {
    if (last_base_ != 0) {
        // A reading may have been reset in between; that sample counts as no growth.
        const uint64_t grown = reading >= last_reading_ ? reading - last_reading_ : 0;
        const uint64_t passed = base >= last_base_ ? base - last_base_ : 0;
        const auto product = static_cast<Wide>(grown) * factor;
        rates_[next_] = passed == 0 ? 0 : static_cast<uint64_t>(product / passed);
        next_ = (next_ + 1) % kSamples;
    }
    last_reading_ = reading;
    last_base_ = base;
}

uint64_t RateMeter::mean() const {
    uint64_t sum = 0;
    for (const uint64_t rate : rates_) sum += rate;
    return sum / kSamples;
}

}  // namespace millrace::observe
