// SPDX-License-Identifier: BSD-3-Clause
#include "schedule.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <utility>
#include <vector>

namespace millrace::torture {
namespace {

constexpr int64_t kBeginMs = 1'000'000;
constexpr int64_t kLookNs = 20'000;  // What looking at the clock takes.
constexpr int64_t kMillisecondNs = 1'000'000;
// Times that the clock goes on without the test's thread having anything to do.
constexpr int kAloneMax = 100'000;

}  // namespace

struct Schedule::Member {
    std::thread::id id = {};
    std::condition_variable turn = {};
    // What it waits for; null: for its turn.
    const Condition* is_so = nullptr;
    int64_t deadline_ms = 0;
    bool is_over = false;

    bool can_go_on(int64_t now_ms) const {
        return !is_over && (now_ms >= deadline_ms || is_so == nullptr || (*is_so)());
    }
};

struct Schedule::State {
    std::mutex mutex;  // For everything; whoever's turn it is takes it without waiting.
    std::mt19937_64 random;
    std::vector<std::unique_ptr<Member>> members;
    Member* now_running = nullptr;
    std::atomic<int64_t> now_ms{kBeginMs};
    int64_t looked_ns = 0;
    int alone = 0;

    void choose() {
        for (;;) {
            std::vector<Member*> ready;
            int64_t next_ms = kForeverMs;
            for (const auto& each : members) {
                if (each->can_go_on(now_ms)) ready.push_back(each.get());
                if (!each->is_over) next_ms = std::min(next_ms, each->deadline_ms);
            }
            if (!ready.empty()) {
                now_running = ready[random() % ready.size()];
                if (now_running == members.front().get()) alone = 0;
                return;
            }
            if (next_ms == kForeverMs || ++alone > kAloneMax) {
                std::fprintf(stderr, "The threads wait for one another for ever.\n");
                std::abort();
            }
            now_ms = next_ms;
        }
    }
};

Schedule::Schedule(uint64_t seed) : state_(std::make_unique<State>()) {
    state_->random.seed(seed);
    state_->members.push_back(std::make_unique<Member>());
    state_->now_running = state_->members.front().get();
}

Schedule::~Schedule() = default;

void Schedule::reseed(uint64_t seed) const {
    const std::lock_guard lock(state_->mutex);
    state_->random.seed(seed);
}

int64_t Schedule::now_ms() const {
    return state_->now_ms;
}

int64_t Schedule::now_ns() const {
    const std::lock_guard lock(state_->mutex);
    state_->looked_ns = (state_->looked_ns + kLookNs) % kMillisecondNs;
    return state_->now_ms * kMillisecondNs + state_->looked_ns;
}

// --- threads ---

std::thread Schedule::start(std::function<void()> work) const {
    const std::lock_guard lock(state_->mutex);
    state_->members.push_back(std::make_unique<Member>());
    Member& member = *state_->members.back();
    std::thread thread([state = state_.get(), &member, work = std::move(work)] {
        {
            std::unique_lock turn(state->mutex);
            member.turn.wait(turn, [&] { return state->now_running == &member; });
        }
        work();
        const std::lock_guard end(state->mutex);
        member.is_over = true;
        state->choose();
        state->now_running->turn.notify_one();
    });
    member.id = thread.get_id();
    return thread;
}

void Schedule::join(std::thread& thread) const {
    const auto& members = state_->members;
    const auto member = std::find_if(members.begin(), members.end(), [&](const auto& each) {
        return each->id == thread.get_id();
    });
    const Member& joined = **member;
    wait_until(kForeverMs, [&joined] { return joined.is_over; });
    thread.join();
    std::erase_if(state_->members, [&joined](const auto& each) { return each.get() == &joined; });
}

// --- waiting ---

bool Schedule::wait_until(int64_t deadline_ms, const Condition& is_so) const {
    std::unique_lock lock(state_->mutex);
    Member& self = *state_->now_running;
    self.is_so = &is_so;
    self.deadline_ms = deadline_ms;
    state_->choose();
    if (state_->now_running != &self) {
        state_->now_running->turn.notify_one();
        self.turn.wait(lock, [&] { return state_->now_running == &self; });
    }
    self.is_so = nullptr;
    return is_so();
}

bool Schedule::wait(std::condition_variable& /*changed*/, std::unique_lock<std::mutex>& lock,
                    int64_t timeout_ms, const Condition& is_so) const {
    lock.unlock();
    const bool so =
        wait_until(timeout_ms == kForeverMs ? kForeverMs : now_ms() + timeout_ms, is_so);
    lock.lock();
    return so;
}

void Schedule::park(Parking& /*parking*/, const Condition& has_work) const {
    wait_until(kForeverMs, has_work);
}

void Schedule::rest(int64_t microseconds) const {
    wait_until(now_ms() + (microseconds + 999) / 1000, [] { return false; });
}

void Schedule::dawdle() const {
    uint64_t chance = 0;
    {
        const std::lock_guard lock(state_->mutex);
        chance = state_->random() % 8;
    }
    rest(chance == 0 ? 1000 : 0);
}

}  // namespace millrace::torture
