// SPDX-License-Identifier: BSD-3-Clause
#include "keyspace/access_clock.h"

#include <algorithm>

namespace millrace::keyspace {

void AccessClock::configure(Policy policy, int lfu_log_factor, int lfu_decay_minutes) {
    policy_ = policy;
    lfu_log_factor_ = lfu_log_factor;
    lfu_decay_minutes_ = lfu_decay_minutes;
}

int64_t AccessClock::idle_seconds(const Entry& entry) const {
    return (seconds_ - entry.access()) & kMask;
}

int AccessClock::frequency(const Entry& entry) const {
    const uint32_t word = entry.access();
    const uint32_t counter = word & 0xff;
    const uint32_t elapsed = (minutes_ - (word >> 8)) & 0xffff;
    const uint32_t periods =
        lfu_decay_minutes_ > 0 ? elapsed / static_cast<uint32_t>(lfu_decay_minutes_) : 0;
    return static_cast<int>(counter > periods ? counter - periods : 0);
}

void AccessClock::touch_frequency(Entry& entry) {
    auto counter = static_cast<uint32_t>(frequency(entry));
    if (counter < 255) {
        random_ ^= random_ << 13;
        random_ ^= random_ >> 7;
        random_ ^= random_ << 17;
        const uint64_t base = counter > kLfuFresh ? counter - kLfuFresh : 0;
        const uint64_t odds = base * static_cast<uint64_t>(std::max(lfu_log_factor_, 0)) + 1;
        if (random_ % odds == 0) ++counter;
    }
    entry.set_access((minutes_ << 8) | counter);
}

}  // namespace millrace::keyspace
