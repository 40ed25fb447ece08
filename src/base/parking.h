// SPDX-License-Identifier: BSD-3-Clause
//
// How a thread sleeps when it has nothing to do, and how others wake it (rule R6).
//
// The sleeper announces itself, looks once more whether there is work, and waits on a futex. A
// waker first makes the work visible (SpscRing::push), then looks at the word; both with sequential
// consistency, so one of them sees the other.
//
// Owner:   the sleeper.
// Threads: park() on the sleeper; wake() and parked() on any other.
#pragma once

#include <atomic>
#include <cstdint>

namespace millrace {

class Parking {
public:
    static constexpr int64_t kForever = -1;

    // Sleeps until wake(), or for `timeout_us`, unless `has_work()` says that there is something to
    // do already.
    template <typename HasWork>
    void park(HasWork&& has_work, int64_t timeout_us = kForever) {
        word_.exchange(kParked, std::memory_order_seq_cst);
        if (!has_work()) wait_while_parked(timeout_us);
        word_.store(kRunning, std::memory_order_seq_cst);
    }

    // True if the sleeper had to be woken.
    bool wake() {
        if (word_.load(std::memory_order_seq_cst) != kParked) return false;
        return wake_parked();
    }

    bool parked() const { return word_.load(std::memory_order_seq_cst) == kParked; }

private:
    static constexpr uint32_t kRunning = 0;
    static constexpr uint32_t kParked = 1;

    void wait_while_parked(int64_t timeout_us);
    bool wake_parked();

    alignas(128) std::atomic<uint32_t> word_{kRunning};
};

// A moment of waiting that leaves the core to its sibling.
inline void relax_cpu() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

}  // namespace millrace
