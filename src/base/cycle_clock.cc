// SPDX-License-Identifier: BSD-3-Clause
#include "base/cycle_clock.h"

#include <time.h>

namespace millrace {

uint64_t CycleClock::fallback_nanoseconds() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<uint64_t>(now.tv_sec) * 1000000000u + static_cast<uint64_t>(now.tv_nsec);
}

uint64_t CycleClock::scale() {
    static const uint64_t measured = [] {
        constexpr uint64_t kCalibrationNs = 2000000;
        const uint64_t begin_ns = fallback_nanoseconds();
        const uint64_t begin = now();
        uint64_t elapsed_ns = 0;
        while (elapsed_ns < kCalibrationNs) elapsed_ns = fallback_nanoseconds() - begin_ns;
        const uint64_t cycles = now() - begin;
        return static_cast<uint64_t>((static_cast<Wide>(elapsed_ns) << 32) /
                                     (cycles != 0 ? cycles : 1));
    }();
    return measured;
}

}  // namespace millrace
