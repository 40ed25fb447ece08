// SPDX-License-Identifier: BSD-3-Clause
//
// The 24-bit word in which an entry remembers its use: for LRU the second of the last access, for
// LFU the minute of the last decrement (16 bits) and a logarithmic counter (8 bits). OBJECT
// IDLETIME and FREQ read it; eviction compares it.
//
// Source of the LFU counter: Morris's approximate counting, as the documentation of the `lfu-*`
// directives describes it.
//
// Owner:   Keyspace.
// Threads: main thread.
#pragma once

#include <cstdint>

#include "keyspace/entry.h"

namespace millrace::keyspace {

class AccessClock {
public:
    enum class Policy : uint8_t { Recency, Frequency };

    void configure(Policy policy, int lfu_log_factor, int lfu_decay_minutes);
    Policy policy() const { return policy_; }
    void set_now_ms(int64_t now_ms) {
        seconds_ = static_cast<uint32_t>(now_ms / 1000) & kMask;
        minutes_ = static_cast<uint32_t>(now_ms / 60000) & 0xffff;
    }
    uint32_t seconds() const { return seconds_; }

    // The word of an entry made now.
    uint32_t fresh() const {
        return policy_ == Policy::Recency ? seconds_ : (minutes_ << 8) | kLfuFresh;
    }

    void touch(Entry& entry) {
        if (policy_ == Policy::Recency) {
            if (entry.access() != seconds_) entry.set_access(seconds_);
            return;
        }
        touch_frequency(entry);
    }

    int64_t idle_seconds(const Entry& entry) const;
    int frequency(const Entry& entry) const;  // The counter after decay.

    // Words for RESTORE, OBJECT and loading.
    uint32_t word_for_idle(int64_t idle_seconds) const {
        return static_cast<uint32_t>(int64_t{seconds_} - idle_seconds) & kMask;
    }
    uint32_t word_for_frequency(uint8_t counter) const { return (minutes_ << 8) | counter; }

private:
    static constexpr uint32_t kMask = 0xffffff;
    static constexpr uint32_t kLfuFresh = 5;
    void touch_frequency(Entry& entry);

    Policy policy_ = Policy::Recency;
    int lfu_log_factor_ = 10;
    int lfu_decay_minutes_ = 1;
    uint32_t seconds_ = 0;
    uint32_t minutes_ = 0;
    uint64_t random_ = 0x9e3779b97f4a7c15;
};

}  // namespace millrace::keyspace
