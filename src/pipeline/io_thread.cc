// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/io_thread.h"

#include <pthread.h>
#include <sched.h>
#include <time.h>

#include <array>
#include <string>
#include <utility>

#include "base/cycle_clock.h"

namespace millrace::pipeline {
namespace {
constexpr size_t kBatchesPerTurn = 8;
constexpr size_t kRequestsPerRead = 256;
constexpr size_t kTidiedBytes = size_t{2} << 20;
}

IoThread::IoThread(SideNumber number, const Parts& parts)
    : number_(number),
      parts_(parts),
      heaps_(parts.side.heaps),
      heap_(heaps_.take()),
      side_(number, parts.side, heap_, parts.usage,
            [this](std::unique_ptr<Batch> batch) {
                CHECK(submitted_.push(std::move(batch)));  // Holds more than all credits.
                parts_.main.parking.wake();
            }),
      thread_([this] { run(); }) {}

IoThread::~IoThread() {
    stop_.store(true, std::memory_order_seq_cst);
    parking_.wake();
    thread_.join();
    heaps_.give_back(heap_);
}

std::unique_ptr<Batch> IoThread::take_submitted() {
    std::unique_ptr<Batch> batch;
    submitted_.pop(batch);
    return batch;
}

void IoThread::deliver(std::unique_ptr<Batch> batch) {
    undelivered_.push_back(std::move(batch));
    retry_deliveries();
}

void IoThread::retry_deliveries() {
    bool any = false;
    while (!undelivered_.empty() && delivered_.has_room()) {
        delivered_.push(std::move(undelivered_.front()));
        undelivered_.pop_front();
        any = true;
    }
    if (any) parking_.wake();
}

void IoThread::set_settings(std::shared_ptr<const IoSettings> settings) {
    // A ring of versions that is full holds an older one for the moment; the next change brings it
    // up to date.
    if (settings_.push(std::move(settings))) parking_.wake();
}

bool IoThread::deliver_event(const net::ReadyEvent& event) {
    if (!events_.push(event)) return false;
    parking_.wake();
    return true;
}

bool IoThread::has_work() const {
    return stop_.load(std::memory_order_seq_cst) || !delivered_.empty() || !events_.empty() ||
           !settings_.empty() || tidy_.load(std::memory_order_seq_cst);
}

bool IoThread::poll() {
    if (!parts_.token.take()) return false;
    std::array<net::ReadyEvent, net::Poller::kEventsMax> events;
    const size_t count = parts_.side.poller.wait(events, 0);
    parts_.usage.polls.add(1);
    const size_t own = parts_.router.route({events.data(), count}, number_);
    parts_.token.give_back();
    for (size_t i = 0; i < own; ++i) side_.event(events[i]);
    return count > 0;
}

// One round through the stages; true if there was anything to do.
bool IoThread::turn() {
    bool worked = false;
    std::shared_ptr<const IoSettings> settings;
    while (settings_.pop(settings)) side_.set_settings(std::move(settings));
    std::unique_ptr<Batch> batch;
    while (delivered_.pop(batch)) {
        side_.complete(std::move(batch));
        worked = true;
    }
    side_.write();
    net::ReadyEvent event{};
    while (events_.pop(event)) {
        side_.event(event);
        worked = true;
    }
    worked = side_.read(kBatchesPerTurn, kRequestsPerRead) > 0 || worked;
    side_.flush();
    return worked;
}

// A slice at a time, while there is nothing else to do.
void IoThread::tidy_some() {
    side_.drop_spares();
    const bool more = heap_.trim_some(kTidiedBytes) >= kTidiedBytes;
    if (!more) tidy_.store(false, std::memory_order_relaxed);
}

void IoThread::run() {
    const RoleScope role(io_side);
    pthread_setname_np(pthread_self(), ("io_thd_" + std::to_string(number_)).c_str());
    uint64_t idle_since = 0;
    while (!stop_.load(std::memory_order_relaxed)) {
        const uint64_t begin = CycleClock::now();
        bool worked = turn();
        worked = poll() || worked || side_.can_go_on();
        const uint64_t end = CycleClock::now();
        if (worked) {
            parts_.usage.active_nanoseconds.add(CycleClock::to_nanoseconds(end - begin));
            idle_since = 0;
            continue;
        }
        if (tidy_.load(std::memory_order_relaxed)) tidy_some();
        if (idle_since == 0) idle_since = end;
        if (CycleClock::to_nanoseconds(end - idle_since) < static_cast<uint64_t>(parts_.spin_ns)) {
            // Whoever else wants this core has something to do, we have not.
            sched_yield();
            continue;
        }
        idle_since = 0;
        parking_.park([this] {
            if (has_work()) return true;
            parts_.main.parking.wake();  // It sees us asleep, and polls if all others are, too.
            return false;
        });
    }
}

}  // namespace millrace::pipeline
