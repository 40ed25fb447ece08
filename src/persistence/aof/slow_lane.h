// SPDX-License-Identifier: BSD-3-Clause
//
// A thread for what may take as long as the disk likes: fsync, and making, renaming and deleting
// files. Its jobs run in order.
//
// Owner:   the append-only file.
// Threads: run() and drain() on any; jobs on the lane's own thread. A job and all that it holds is
// handed over.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "threads/crew.h"

namespace millrace::persistence::aof {

class SlowLane {
public:
    using Job = std::function<void()>;

    // `name`: of the thread, at most 15 characters.
    explicit SlowLane(std::string name = "aof_sync",
                      const threads::Crew& crew = threads::Crew::system())
        : name_(std::move(name)), crew_(crew), thread_(crew.start([this] { work(); })) {}
    ~SlowLane();  // After all jobs.
    SlowLane(const SlowLane&) = delete;
    SlowLane& operator=(const SlowLane&) = delete;

    void run(Job job);
    // Waits until the jobs so far are done.
    void drain();

private:
    void work();

    const std::string name_;
    const threads::Crew& crew_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::condition_variable idle_;
    std::deque<Job> jobs_;
    bool busy_ = false;
    bool stopping_ = false;
    std::thread thread_;  // Last: it uses everything above.
};

}  // namespace millrace::persistence::aof
