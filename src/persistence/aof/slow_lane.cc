// SPDX-License-Identifier: BSD-3-Clause
#include "persistence/aof/slow_lane.h"

#include <pthread.h>

#include <utility>

namespace millrace::persistence::aof {

SlowLane::~SlowLane() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_one();
    crew_.join(thread_);
}

void SlowLane::run(Job job) {
    {
        const std::lock_guard lock(mutex_);
        jobs_.push_back(std::move(job));
    }
    changed_.notify_one();
}

void SlowLane::drain() {
    std::unique_lock lock(mutex_);
    crew_.wait(idle_, lock, threads::Crew::kForeverMs,
               [this] { return jobs_.empty() && !busy_; });
}

void SlowLane::work() {
    pthread_setname_np(pthread_self(), name_.c_str());
    std::unique_lock lock(mutex_);
    for (;;) {
        crew_.wait(changed_, lock, threads::Crew::kForeverMs,
                   [this] { return !jobs_.empty() || stopping_; });
        if (jobs_.empty()) return;
        Job job = std::move(jobs_.front());
        jobs_.pop_front();
        busy_ = true;
        lock.unlock();
        job();
        job = nullptr;  // What it holds goes before anybody hears that it is done.
        lock.lock();
        busy_ = false;
        if (jobs_.empty()) idle_.notify_all();
    }
}

}  // namespace millrace::persistence::aof
