// SPDX-License-Identifier: BSD-3-Clause
//
// One I/O thread: runs the stages of its side whenever it has been given something, polls while it
// has the permission, and sleeps otherwise (rules R2, R4, R6).
//
// Owner:   the pipeline.
// Threads: run() on its own; the rest on the main thread, but for deliver_event(), which the holder
// of the poll
//          token calls.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <thread>
#include <vector>

#include "base/parking.h"
#include "net/poller.h"
#include "pipeline/io_side.h"
#include "threads/spsc_ring.h"

namespace millrace::pipeline {

// Where the events of a poll go: to the sides that own the connections. Called by whoever holds the
// poll token.
class EventRouter {
public:
    virtual ~EventRouter() = default;
    // Routes events; those of side `self` are returned in the first places of `events`, their
    // number as the result.
    virtual size_t route(std::span<net::ReadyEvent> events, SideNumber self) = 0;
};

// What wakes the main thread when it waits for I/O threads.
struct MainWaiting {
    Parking parking;
};

class IoThread {
public:
    static constexpr size_t kRing = 256;  // At least all credits, and what the main thread adds.
    static constexpr size_t kEventRing = 16384;

    struct Parts {
        const SideParts& side;
        net::PollToken& token;
        EventRouter& router;
        MainWaiting& main;
        observe::ThreadUsage& usage;
        int64_t spin_ns;
    };

    IoThread(SideNumber number, const Parts& parts);
    ~IoThread();  // Joins; the side must have no connections left.

    // --- main thread ---

    // A batch filled by the side, or null.
    std::unique_ptr<Batch> take_submitted();
    // Hands a batch with its results over; never waits: what does not fit is kept and retried by
    // retry_deliveries().
    void deliver(std::unique_ptr<Batch> batch);
    void retry_deliveries();
    void set_settings(std::shared_ptr<const IoSettings> settings);
    uint64_t completed() const { return side_.completed(); }
    // Nothing to do and asleep: nothing of it is pending.
    bool asleep() const { return parking_.parked(); }
    bool has_submitted() const { return !submitted_.empty(); }
    void wake() { parking_.wake(); }
    // Asks it to take in what others freed, and to give unused memory back to the system.
    void tidy() {
        tidy_.store(true, std::memory_order_seq_cst);
        parking_.wake();
    }

    // --- holder of the poll token ---

    bool deliver_event(const net::ReadyEvent& event);

private:
    void run();
    bool turn() ON_IO_SIDE;
    bool poll() ON_IO_SIDE;
    bool has_work() const;
    void tidy_some() ON_IO_SIDE;

    const SideNumber number_;
    const Parts parts_;
    structures::SlabHeapPool& heaps_;
    structures::SlabHeap& heap_;
    threads::SpscRing<std::unique_ptr<Batch>, kRing> submitted_;
    threads::SpscRing<std::unique_ptr<Batch>, kRing> delivered_;
    threads::SpscRing<net::ReadyEvent, kEventRing> events_;
    std::deque<std::unique_ptr<Batch>> undelivered_;  // The main thread's overflow.
    threads::SpscRing<std::shared_ptr<const IoSettings>, 16> settings_;
    Parking parking_;
    std::atomic<bool> stop_{false};
    std::atomic<bool> tidy_{false};
    IoSide side_;
    std::thread thread_;  // Last: it uses everything above.
};

}  // namespace millrace::pipeline
