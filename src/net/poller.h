// SPDX-License-Identifier: BSD-3-Clause
//
// The one epoll set of the server, edge-triggered: a descriptor is registered once, for reading and
// writing, and never touched again until it moves to another I/O side.
//
// Owner:   the pipeline.
// Threads: any may add and remove; at most one thread at a time is in wait() (rule R4), which
// PollToken guards.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>

#include "base/result.h"
#include "net/socket.h"

namespace millrace::net {

// What became ready. `tag` is what the descriptor was registered with.
struct ReadyEvent {
    uint64_t tag;
    bool readable;
    bool writable;
    bool hung_up;  // The peer will send no more; what it sent may still be unread.
};

class Poller {
public:
    static constexpr size_t kEventsMax = 128;

    Status open();

    Status add(int descriptor, uint64_t tag);
    // For a descriptor that is registered already: gives it a new tag and reports its present state
    // again.
    Status retag(int descriptor, uint64_t tag);
    void remove(int descriptor);

    // Fills `events` and returns their number; waits at most `timeout_ms` (-1: for ever). Returns 0
    // on wake().
    size_t wait(std::span<ReadyEvent> events, int timeout_ms);
    // Ends a wait() that another thread is in, or the next one.
    void wake();

private:
    static constexpr uint64_t kWakeTag = UINT64_MAX;

    Socket epoll_;
    Socket wake_;
};

// Who may be in wait(): the main thread, or one I/O thread that has been given the permission.
class PollToken {
public:
    // Main thread. Lets I/O threads poll; nothing changes if they may already, since one of them
    // may be at it.
    void grant() {
        uint32_t expected = kMain;
        state_.compare_exchange_strong(expected, kGranted, std::memory_order_acq_rel);
    }
    // Main thread. True when the token is the main thread's again; false while an I/O thread is
    // polling.
    bool reclaim() {
        uint32_t expected = kGranted;
        return state_.compare_exchange_strong(expected, kMain, std::memory_order_acq_rel) ||
               expected == kMain;
    }
    bool granted() const { return state_.load(std::memory_order_relaxed) != kMain; }

    // I/O thread. True if it may poll once; give_back() must follow.
    bool take() {
        uint32_t expected = kGranted;
        return state_.compare_exchange_strong(expected, kPolling, std::memory_order_acq_rel);
    }
    void give_back() { state_.store(kGranted, std::memory_order_release); }

private:
    static constexpr uint32_t kMain = 0;
    static constexpr uint32_t kGranted = 1;
    static constexpr uint32_t kPolling = 2;

    alignas(128) std::atomic<uint32_t> state_{kMain};
};

}  // namespace millrace::net
