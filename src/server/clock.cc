// SPDX-License-Identifier: BSD-3-Clause
#include "server/clock.h"

#include <sys/random.h>
#include <time.h>

#include "base/assert.h"

namespace millrace::server {
namespace {
timespec read(clockid_t clock) {
    timespec now{};
    clock_gettime(clock, &now);
    return now;
}
}  // namespace

int64_t SystemTime::wall_microseconds() const {
    const timespec now = read(CLOCK_REALTIME);
    return int64_t{now.tv_sec} * 1000000 + now.tv_nsec / 1000;
}

int64_t SystemTime::monotonic_nanoseconds() const {
    const timespec now = read(CLOCK_MONOTONIC);
    return int64_t{now.tv_sec} * 1000000000 + now.tv_nsec;
}

SystemEntropy::SystemEntropy() {
    CHECK(getrandom(&state_, sizeof state_, 0) == sizeof state_);
}

// SplitMix64 (Steele, Lea, Flood, 2014).
uint64_t SystemEntropy::next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

}  // namespace millrace::server
