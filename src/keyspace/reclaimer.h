// SPDX-License-Identifier: BSD-3-Clause
//
// Destroys large collections on a thread of its own, so that neither a command nor an I/O thread
// ever waits for it.
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

    Reclaimer() = default;
    ~Reclaimer();  // Waits until everything given has been destroyed.
    Reclaimer(const Reclaimer&) = delete;
    Reclaimer& operator=(const Reclaimer&) = delete;

    // Destroys `collection` now if that is quick, on the other thread if not.
    void give(std::unique_ptr<Collection> collection);

    uint64_t pending() const { return pending_.load(std::memory_order_relaxed); }
    uint64_t destroyed() const { return destroyed_.load(std::memory_order_relaxed); }

private:
    void run();

    std::mutex mutex_;
    std::condition_variable given_;
    std::vector<std::unique_ptr<Collection>> queue_;  // Under mutex_, as are the next two.
    std::thread thread_;
    bool stopping_ = false;
    std::atomic<uint64_t> pending_{0};
    std::atomic<uint64_t> destroyed_{0};
};

}  // namespace millrace::keyspace
