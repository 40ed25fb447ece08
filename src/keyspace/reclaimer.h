// SPDX-License-Identifier: BSD-3-Clause
//
// Destroys large collections on a thread of its own, so that neither a command nor an I/O thread
// ever waits for it. It also keeps the account of what is condemned: given up, but not free yet.
//
// The thread starts with the first collection that it gets, and runs at the lowest priority.
//
// Owner:   the keyspace.
// Threads: give() and the counters on any.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "keyspace/collection.h"

namespace millrace::keyspace {

class Reclaimer {
public:
    // Collections of more blocks than this are not freed where they were given up.
    static constexpr size_t kBlocksMax = 64;
    // Of a large collection so many elements are looked at to know its size.
    static constexpr size_t kMeasuredElements = 5;

    Reclaimer() = default;
    ~Reclaimer();  // Waits until everything given has been destroyed.
    Reclaimer(const Reclaimer&) = delete;
    Reclaimer& operator=(const Reclaimer&) = delete;

    // Destroys `collection` now if that is quick, on the other thread if not.
    void give(std::unique_ptr<Collection> collection);

    // Whoever has freed the entries of a block out of limbo says how many bytes that gave back.
    void note_freed(uint64_t bytes) {
        if (bytes > 0) freed_bytes_.fetch_add(bytes, std::memory_order_relaxed);
    }
    uint64_t freed_bytes() const { return freed_bytes_.load(std::memory_order_relaxed); }

    // Collections that wait for the thread, and about how many bytes they hold.
    uint64_t pending_bytes() const { return pending_bytes_.load(std::memory_order_relaxed); }
    uint64_t pending() const { return pending_.load(std::memory_order_relaxed); }
    uint64_t destroyed() const { return destroyed_.load(std::memory_order_relaxed); }

private:
    void run();

    std::mutex mutex_;
    std::condition_variable given_;
    struct Given {
        std::unique_ptr<Collection> collection;
        uint64_t bytes;
    };
    std::vector<Given> queue_;  // Under mutex_, as are the next two.
    std::thread thread_;
    bool stopping_ = false;
    std::atomic<uint64_t> pending_{0};
    std::atomic<uint64_t> pending_bytes_{0};
    std::atomic<uint64_t> freed_bytes_{0};
    std::atomic<uint64_t> destroyed_{0};
};

}  // namespace millrace::keyspace
