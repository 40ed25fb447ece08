// SPDX-License-Identifier: BSD-3-Clause
//
// A clock of a few nanoseconds a reading, for timing single commands: the time-stamp counter,
// calibrated at the start.
//
// Threads: any.
#pragma once

#include <cstdint>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace millrace {

class CycleClock {
    __extension__ using Wide = unsigned __int128;

public:
    static uint64_t now() {
#if defined(__x86_64__)
        return __rdtsc();
#else
        return fallback_nanoseconds();
#endif
    }
    // Nanoseconds of a difference of two readings.
    static uint64_t to_nanoseconds(uint64_t cycles) {
        return static_cast<uint64_t>((static_cast<Wide>(cycles) * scale()) >> 32);
    }

private:
    static uint64_t scale();  // Nanoseconds a cycle, times 2^32; measured at the first call.
    static uint64_t fallback_nanoseconds();
};

}  // namespace millrace
