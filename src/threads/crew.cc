// SPDX-License-Identifier: BSD-3-Clause
#include "threads/crew.h"

#include <chrono>
#include <utility>

namespace millrace::threads {
namespace {

class SystemCrew final : public Crew {
public:
    std::thread start(std::function<void()> work) const override {
        return std::thread(std::move(work));
    }
    void join(std::thread& thread) const override { thread.join(); }
    bool wait(std::condition_variable& changed, std::unique_lock<std::mutex>& lock,
              int64_t timeout_ms, const Condition& is_so) const override {
        if (timeout_ms != kForeverMs) {
            return changed.wait_for(lock, std::chrono::milliseconds(timeout_ms), is_so);
        }
        changed.wait(lock, is_so);
        return true;
    }
    void park(Parking& parking, const Condition& has_work) const override {
        parking.park(has_work);
    }
    void rest(int64_t microseconds) const override {
        std::this_thread::sleep_for(std::chrono::microseconds(microseconds));
    }
    int64_t now_ns() const override {
        return std::chrono::steady_clock::now().time_since_epoch().count();
    }
};

}  // namespace

const Crew& Crew::system() {
    static const SystemCrew crew;
    return crew;
}

}  // namespace millrace::threads
