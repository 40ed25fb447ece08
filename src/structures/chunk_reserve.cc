// SPDX-License-Identifier: BSD-3-Clause
#include "structures/chunk_reserve.h"

#include <pthread.h>

#include <utility>

#include "structures/slab_region.h"

namespace millrace::structures {

void ChunkReserve::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
}

SlabChunk* ChunkReserve::take() {
    SlabChunk* chunk = nullptr;
    {
        const std::lock_guard lock(mutex_);
        if (!ready_.empty()) {
            chunk = ready_.back();
            ready_.pop_back();
        }
        wanted_ = true;
        if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
    }
    changed_.notify_one();
    return chunk;
}

void ChunkReserve::drop() {
    std::vector<SlabChunk*> ready;
    {
        const std::lock_guard lock(mutex_);
        ready.swap(ready_);
        wanted_ = false;
    }
    for (SlabChunk* chunk : ready) region_.close_chunk(chunk);
}

size_t ChunkReserve::ready() const {
    const std::lock_guard lock(mutex_);
    return ready_.size();
}

void ChunkReserve::run() {
    pthread_setname_np(pthread_self(), "slab_chunks");
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        if (wanted_ && ready_.size() < kChunks) {
            lock.unlock();
            SlabChunk* chunk = region_.open_chunk();
            region_.touch(chunk);
            lock.lock();
            ready_.push_back(chunk);
            continue;
        }
        if (!wanted_) {
            changed_.wait(lock);
            continue;
        }
        wanted_ = false;
        changed_.wait_for(lock, kIdle, [this] { return stopping_ || wanted_; });
        if (stopping_ || wanted_) continue;
        lock.unlock();
        drop();
        lock.lock();
    }
}

}  // namespace millrace::structures
