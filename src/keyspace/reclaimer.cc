// SPDX-License-Identifier: BSD-3-Clause
#include "keyspace/reclaimer.h"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <utility>

namespace millrace::keyspace {

Reclaimer::~Reclaimer() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    given_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void Reclaimer::give(std::unique_ptr<Collection> collection) {
    if (collection->blocks() <= kBlocksMax) return;
    const uint64_t bytes = collection->memory_bytes(kMeasuredElements);
    pending_.fetch_add(1, std::memory_order_relaxed);
    pending_bytes_.fetch_add(bytes, std::memory_order_relaxed);
    {
        const std::lock_guard lock(mutex_);
        queue_.push_back({std::move(collection), bytes});
        if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
    }
    given_.notify_one();
}

void Reclaimer::run() {
    constexpr int kLowestPriority = 19;
    pthread_setname_np(pthread_self(), "lazy_free");
    // On Linux the priority belongs to the thread; without the right to lower it, it stays.
    (void)setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kLowestPriority);
    std::unique_lock lock(mutex_);
    for (;;) {
        given_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
        if (queue_.empty()) return;
        std::vector<Given> round = std::exchange(queue_, {});
        lock.unlock();
        for (Given& given : round) {
            given.collection.reset();
            pending_bytes_.fetch_sub(given.bytes, std::memory_order_relaxed);
            pending_.fetch_sub(1, std::memory_order_relaxed);
            destroyed_.fetch_add(1, std::memory_order_relaxed);
        }
        lock.lock();
    }
}

}  // namespace millrace::keyspace
