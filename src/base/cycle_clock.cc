// SPDX-License-Identifier: BSD-3-Clause
#include "base/cycle_clock.h"

#include <time.h>

namespace millrace {

uint64_t CycleClock::fallback_nanoseconds() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<uint64_t>(now.tv_sec) * 1000000000u + static_cast<uint64_t>(now.tv_nsec);
}

namespace {

// Both clocks at one moment: of some attempts the one in which the least time passed between the
// readings, in case the thread lost its core meanwhile.
struct Moment {
    uint64_t nanoseconds = 0;
    uint64_t cycles = 0;
};

template <typename Nanoseconds>
Moment read_both(Nanoseconds&& nanoseconds) {
    constexpr int kAttempts = 8;
    Moment best;
    uint64_t shortest = UINT64_MAX;
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        const uint64_t before = CycleClock::now();
        const uint64_t at = nanoseconds();
        const uint64_t took = CycleClock::now() - before;
        if (took >= shortest) continue;
        shortest = took;
        best = {at, before + took / 2};
    }
    return best;
}

}  // namespace

uint64_t CycleClock::scale() {
    static const uint64_t measured = [] {
        constexpr uint64_t kCalibrationNs = 2000000;
        const Moment begin = read_both(fallback_nanoseconds);
        while (fallback_nanoseconds() - begin.nanoseconds < kCalibrationNs) {
        }
        const Moment end = read_both(fallback_nanoseconds);
        const uint64_t cycles = end.cycles - begin.cycles;
        const uint64_t elapsed_ns = end.nanoseconds - begin.nanoseconds;
        return static_cast<uint64_t>((static_cast<Wide>(elapsed_ns) << 32) /
                                     (cycles != 0 ? cycles : 1));
    }();
    return measured;
}

}  // namespace millrace
