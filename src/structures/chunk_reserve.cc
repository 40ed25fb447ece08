// SPDX-License-Identifier: BSD-3-Clause
#include "structures/chunk_reserve.h"

#include <pthread.h>
#include <sched.h>
#include <time.h>

#include <algorithm>
#include <span>

#include "structures/slab_region.h"

namespace millrace::structures {
namespace {

// What the processor has done for the calling thread, without what it had to wait for.
std::chrono::nanoseconds thread_time() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

// Away from the core of who has asked last; if there is no other one, after everybody else.
void ChunkReserve::step_aside() {
    const int core = asker_core_.load(std::memory_order_relaxed);
    if (core == avoided_core_) return;
    avoided_core_ = core;
    const int policy = cores_.apply_without(core) ? SCHED_OTHER : SCHED_IDLE;
    const sched_param none{};
    pthread_setschedparam(pthread_self(), policy, &none);
}

// In one order with what is said about parking, here and in the next.
bool ChunkReserve::Place::ask(SlabChunk* chunk) {
    uintptr_t empty = 0;
    return word_.compare_exchange_strong(empty, reinterpret_cast<uintptr_t>(chunk),
                                         std::memory_order_seq_cst, std::memory_order_relaxed);
}

SlabChunk* ChunkReserve::Place::asked() const {
    const uintptr_t word = word_.load(std::memory_order_seq_cst);
    return (word & kReady) == 0 ? reinterpret_cast<SlabChunk*>(word) : nullptr;
}

void ChunkReserve::Place::make_ready(SlabChunk* chunk) {
    word_.store(reinterpret_cast<uintptr_t>(chunk) | kReady, std::memory_order_release);
}

SlabChunk* ChunkReserve::Place::take() {
    uintptr_t word = word_.load(std::memory_order_relaxed);
    if ((word & kReady) == 0) return nullptr;
    const bool taken = word_.compare_exchange_strong(word, 0, std::memory_order_acq_rel,
                                                     std::memory_order_relaxed);
    return taken ? reinterpret_cast<SlabChunk*>(word & ~kReady) : nullptr;
}

SlabChunk* ChunkReserve::take() {
    const int64_t now =
        std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
    const int64_t since = now - last_wish_ns_.exchange(now, std::memory_order_relaxed);
    const size_t wanted = since < std::chrono::nanoseconds(kFastGrowth).count() ? kChunks : 1;
    asker_core_.store(sched_getcpu(), std::memory_order_relaxed);
    SlabChunk* taken = nullptr;
    for (Place& place : places_) {
        if (taken == nullptr) taken = place.take();
    }
    for (Place& place : std::span(places_).first(wanted)) {
        if (!place.empty()) continue;
        SlabChunk* next = region_.claim_chunk();
        if (!place.ask(next)) region_.unclaim_chunk(next);
    }
    std::call_once(started_, [this] { thread_ = std::thread([this] { run(); }); });
    parking_.wake();
    return taken;
}

void ChunkReserve::drop() {
    for (Place& place : places_) {
        if (SlabChunk* chunk = place.take()) region_.close_chunk(chunk);
    }
}

size_t ChunkReserve::ready() const {
    return static_cast<size_t>(std::count_if(places_.begin(), places_.end(),
                                             [](const Place& place) { return place.ready(); }));
}

void ChunkReserve::stop() {
    stopping_.store(true, std::memory_order_seq_cst);
    parking_.wake();
    if (thread_.joinable()) thread_.join();
}

void ChunkReserve::touch(const SlabChunk* chunk) {
    const std::chrono::nanoseconds before = thread_time();
    region_.touch_chunk(chunk);
    if (thread_time() - before > kQuickTouch) {
        quick_touches_.store(0, std::memory_order_relaxed);
    } else {
        quick_touches_.fetch_add(1, std::memory_order_relaxed);
    }
}

bool ChunkReserve::touch_next() {
    for (Place& place : places_) {
        SlabChunk* chunk = place.asked();
        if (chunk == nullptr) continue;
        region_.open_chunk(chunk, PageKind::kHuge);
        touch(chunk);
        place.make_ready(chunk);
        return true;
    }
    return false;
}

void ChunkReserve::run() {
    constexpr int64_t kIdleUs = std::chrono::microseconds(kIdle).count();
    pthread_setname_np(pthread_self(), "slab_chunks");
    while (!stopping_.load(std::memory_order_seq_cst)) {
        step_aside();
        if (touch_next()) continue;
        const auto asked = [this] {
            return stopping_.load(std::memory_order_seq_cst) ||
                   std::any_of(places_.begin(), places_.end(),
                               [](const Place& place) { return place.asked() != nullptr; });
        };
        parking_.park(asked, ready() != 0 ? kIdleUs : Parking::kForever);
        if (!asked()) drop();  // Nobody has taken one: that would have asked for the next.
    }
}

}  // namespace millrace::structures
