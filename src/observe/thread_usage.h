// SPDX-License-Identifier: BSD-3-Clause
//
// What each thread of the request path has done since the start, for INFO cpu and stats.
//
// Owner:   ServerState. Thread 0 is the main thread, the others are the I/O threads in their order.
// Threads: each ThreadUsage is written by its own thread only and read by the main thread, with
//          relaxed order: the numbers of one thread need not agree with each other to the last
//          unit.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>

namespace millrace::observe {

// A count with one writer, which needs no atomic read-modify-write for it.
class OwnedCounter {
public:
    void add(uint64_t amount) {
        value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
    }
    uint64_t read() const { return value_.load(std::memory_order_relaxed); }
    // Back to zero, as CONFIG RESETSTAT wants it: what was counted so far is taken off from now on.
    // Called by the reader.
    void forget() { forgotten_ = read(); }
    uint64_t since_reset() const { return read() - forgotten_; }

private:
    std::atomic<uint64_t> value_{0};
    uint64_t forgotten_ = 0;  // The reader's.
};

// A line of its own each, so that threads do not disturb each other by counting.
struct alignas(64) ThreadUsage {
    OwnedCounter
        active_nanoseconds;  // Time spent on work, as opposed to spinning, parking, polling.
    OwnedCounter reads;      // read(2) rounds of a connection, and so on.
    OwnedCounter writes;
    OwnedCounter polls;
    OwnedCounter accepts;
    OwnedCounter frees;  // Objects freed on behalf of the main thread.
    OwnedCounter batches;
    OwnedCounter batch_commands;
    OwnedCounter input_bytes;
    OwnedCounter output_bytes;
    // Of clients, held now: a level, made of differences, so only the sum over all threads counts.
    OwnedCounter buffer_bytes;
};

// Grows when `io-threads` does; elements never move.
class ThreadUsages {
public:
    ThreadUsages() : threads_(1) {}

    // Main thread, before thread `number` starts. A thread that ends leaves its numbers to the next
    // one with its place.
    ThreadUsage& use(size_t number) {
        while (threads_.size() <= number) threads_.emplace_back();
        return threads_[number];
    }
    ThreadUsage& main() { return threads_[0]; }
    size_t size() const { return threads_.size(); }
    const ThreadUsage& operator[](size_t number) const { return threads_[number]; }

    // A counter over all threads, or over the I/O threads only, since the last reset.
    uint64_t total(OwnedCounter ThreadUsage::*counter) const { return sum(counter, 0); }
    uint64_t io_total(OwnedCounter ThreadUsage::*counter) const { return sum(counter, 1); }

    uint64_t buffer_bytes() const {
        uint64_t total = 0;
        for (const ThreadUsage& each : threads_) total += each.buffer_bytes.read();
        return total;
    }

    // CONFIG RESETSTAT: everything but the active time and the buffers begins at zero again.
    void reset();

private:
    uint64_t sum(OwnedCounter ThreadUsage::*counter, size_t from) const {
        uint64_t total = 0;
        for (size_t i = from; i < threads_.size(); ++i)
            total += (threads_[i].*counter).since_reset();
        return total;
    }

    std::deque<ThreadUsage> threads_;
};

}  // namespace millrace::observe
