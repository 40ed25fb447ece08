// SPDX-License-Identifier: BSD-3-Clause
//
// A crew whose threads run one at a time, in an order that a seed decides, with a clock of its own:
// the same seed gives the same history.
//
//     a thread waits, rests, pauses ─► one of those that could go on is chosen, and runs
//                                      nobody could: the clock goes on to the first that can
//
// So no time passes while anybody has something to do. Who waits for what nobody brings about
// ends the program, with a message.
//
// Owner:   the test. Its thread is the first of the crew; it runs when the others do not.
// Threads: those of the crew.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "threads/crew.h"

namespace millrace::torture {

class Schedule final : public threads::Crew {
public:
    explicit Schedule(uint64_t seed = 1);
    ~Schedule() override;  // After all of them were joined.

    std::thread start(std::function<void()> work) const override;
    void join(std::thread& thread) const override;
    bool wait(std::condition_variable& changed, std::unique_lock<std::mutex>& lock,
              int64_t timeout_ms, const Condition& is_so) const override;
    void park(Parking& parking, const Condition& has_work) const override;
    void rest(int64_t microseconds) const override;
    int64_t now_ns() const override;

    void reseed(uint64_t seed) const;
    int64_t now_ms() const;
    // A moment at which others may go first.
    void pause() const { rest(0); }
    // The same, and a moment may go by.
    void dawdle() const;
    bool wait_until(int64_t deadline_ms, const Condition& is_so) const;

private:
    struct Member;
    struct State;
    const std::unique_ptr<State> state_;
};

}  // namespace millrace::torture
