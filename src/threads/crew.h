// SPDX-License-Identifier: BSD-3-Clause
//
// How background threads start, wait for one another and tell the time. The system's crew is
// threads that run as they like; a test puts one in its place in which one thread runs at a time, a
// seed says which, and time goes by when all of them wait.
//
// Whoever makes a condition true notifies as usual: `changed.notify_one()`, `parking.wake()`.
//
// Owner:   whoever starts the threads borrows it, and outlives none of it.
// Threads: any.
// Limits:  the conditions are short, take no lock, and may be looked at by any thread of a crew
//          that is simulated; a thread that holds a lock which others take does not wait.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>

#include "base/parking.h"

namespace millrace::threads {

class Crew {
public:
    static constexpr int64_t kForeverMs = INT64_MAX;
    using Condition = std::function<bool()>;

    virtual ~Crew() = default;

    virtual std::thread start(std::function<void()> work) const = 0;
    virtual void join(std::thread& thread) const = 0;
    // Until `is_so()`, which is looked at under `lock`; at most `timeout_ms`. Whether it is so.
    virtual bool wait(std::condition_variable& changed, std::unique_lock<std::mutex>& lock,
                      int64_t timeout_ms, const Condition& is_so) const = 0;
    // Until `has_work()`, or earlier.
    virtual void park(Parking& parking, const Condition& has_work) const = 0;
    virtual void rest(int64_t microseconds) const = 0;
    // Of a clock that only goes forward.
    virtual int64_t now_ns() const = 0;

    static const Crew& system();
};

}  // namespace millrace::threads
