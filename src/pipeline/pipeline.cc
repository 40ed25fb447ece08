// SPDX-License-Identifier: BSD-3-Clause
//
// The turn: gathering batches and waiting. What happens to a batch is in execution.cc, what happens
// to connections in connections.cc.
#include "pipeline/pipeline.h"

#include <sched.h>

#include <algorithm>
#include <utility>

#include "base/cycle_clock.h"
#include "engine/append_log.h"
#include "threads/cores.h"

namespace millrace::pipeline {
namespace {

// Batches that one round on side 0 fills before it executes them: as many as stay in the
// second-level cache.
constexpr size_t kBatchesPerRound = 8;
// What a round takes from one connection, so that nobody waits for long for what another sends at
// once. A round that took longer to execute than this lets the next one take less.
constexpr size_t kShareMin = 16;
constexpr size_t kShareMax = 128;
constexpr uint64_t kRoundNs = 500'000;
constexpr int64_t kSpinNs = 20000;
// Once everything that was ready has been served, those of whom there is more may have this long
// before the others are asked again.
constexpr uint64_t kExtraRoundsNs = 50000;
constexpr uint64_t kFreeingNs = 300'000;  // A round.

int64_t spin_ns() {
    return threads::usable_cores_at_start() > 1 ? kSpinNs : 0;
}

}  // namespace

Pipeline::Pipeline(engine::Engine& engine, structures::SlabHeapPool& heaps,
                   observe::ServerState& state)
    : engine_(engine),
      heaps_(heaps),
      state_(state),
      side_parts_{engine.commands(), engine.keyspace().seed(), heaps, poller_,
                  engine.keyspace().reclaimer()},
      side_zero_(0, side_parts_, engine.keyspace().heap(), state.threads.main(),
                 [this](std::unique_ptr<Batch> batch) { filled_.push_back(std::move(batch)); }),
      ledgers_(kIoThreadsMax + 1),
      outboxes_(kIoThreadsMax + 1),
      frees_(kIoThreadsMax + 1),
      held_(kIoThreadsMax + 1),
      placements_(kIoThreadsMax + 1),
      activation_(threads::usable_cores_at_start()),
      io_settings_(std::make_shared<IoSettings>()) {}

Pipeline::~Pipeline() {
    threads_.clear();
    for (auto& blocks : frees_) {
        for (auto& block : blocks) engine_.keyspace().free_block(*block);
    }
}

Status Pipeline::open() {
    TRY(poller_.open());
    opened_ = true;
    set_active(always_active_ ? configured_ : 0);
    return done();
}

// --- limbo ---

uint64_t Pipeline::oldest_uncompleted() {
    uint64_t oldest = turn_;
    for (size_t side = 0; side <= threads_.size(); ++side) {
        Ledger& ledger = ledgers_[side];
        const uint64_t completed =
            side == 0 ? side_zero_.completed() : threads_[side - 1]->completed();
        while (!ledger.turns.empty() && ledger.settled < completed) {
            ledger.turns.pop_front();
            ++ledger.settled;
        }
        if (!ledger.turns.empty()) oldest = std::min(oldest, ledger.turns.front());
    }
    return oldest;
}

void Pipeline::begin_turn() {
    ++turn_;
    keyspace::Limbo& limbo = engine_.keyspace().limbo();
    limbo.begin_turn(turn_, oldest_uncompleted());
    send_frees_alone();
    release_retired();
}

// What no batch has taken along for a whole turn.
void Pipeline::send_frees_alone() {
    for (size_t side = 0; side < frees_.size(); ++side) {
        if (!frees_[side].empty()) (void)outbox(static_cast<SideNumber>(side));
    }
}

// Entries that nobody refers to any more go to the I/O threads to be freed, with the next results,
// or are freed here when there are no threads: as many as time allows, since one command or the end
// of a snapshot may have left very many.
void Pipeline::release_retired() {
    keyspace::Keyspace& keyspace = engine_.keyspace();
    SideNumber next = 1;
    const uint64_t begin = CycleClock::now();
    while (auto block = keyspace.limbo().take_released()) {
        if (active_ == 0) {
            keyspace.free_block(*block);
            keyspace.limbo().give_back(std::move(block));
            if (CycleClock::to_nanoseconds(CycleClock::now() - begin) > kFreeingNs) break;
            continue;
        }
        frees_[next].push_back(std::move(block));
        next = static_cast<SideNumber>(next % active_ + 1);
    }
    keyspace.remote_frees().flush();
}

// --- the turn ---

void Pipeline::turn(int64_t timeout_us) {
    begin_turn();
    if (says_something()) flush_outboxes();  // The cron, mostly: nobody shall wait for a poll.
    active_since_ = CycleClock::now();
    bool worked = threads_in_use() ? threaded_turn(timeout_us) : single_turn(timeout_us);
    if (accepts_pending_.exchange(false, std::memory_order_acq_rel) && accept_ready_) {
        accept_ready_();
        worked = true;
    }
    end_busy_script();
    engine_.end_turn();
    flush_outboxes();
    release_held();
    if (worked) account_turn();
}

bool Pipeline::says_something() const {
    return std::any_of(outboxes_.begin(), outboxes_.end(),
                       [](const auto& outbox) { return outbox != nullptr; });
}

void Pipeline::account_turn() {
    const uint64_t nanoseconds = CycleClock::to_nanoseconds(CycleClock::now() - active_since_);
    observe::OwnedCounter& active = state_.threads.main().active_nanoseconds;
    active.add(nanoseconds);
    observe::LoopCounters& loop = state_.loop;
    ++loop.cycles;
    loop.duration_us = active.read() / 1000;
    loop.command_duration_us = execute_ns_ / 1000;
    loop.duration_us_highest = std::max(loop.duration_us_highest, nanoseconds / 1000);
    const uint64_t commands = engine_.counters().commands_processed;
    loop.commands_per_cycle_highest =
        std::max(loop.commands_per_cycle_highest, commands - commands_before_);
    commands_before_ = commands;
}

// Some I/O thread is active, or still holds a connection or a batch.
bool Pipeline::threads_in_use() const {
    if (active_ > 0 || placements_.at_threads() > 0) return true;
    for (size_t side = 1; side <= threads_.size(); ++side) {
        if (!ledgers_[side].turns.empty()) return true;
    }
    return false;
}

void Pipeline::take_token() {
    while (!token_.reclaim()) sched_yield();  // A poll with a zero timeout is under way.
}

void Pipeline::poll(int64_t timeout_us) {
    std::array<net::ReadyEvent, net::Poller::kEventsMax> events;
    const int timeout_ms = static_cast<int>((timeout_us + 999) / 1000);
    const size_t count = poller_.wait(events, timeout_ms);
    active_since_ = CycleClock::now();
    const size_t own = route({events.data(), count}, 0);
    const RoleScope role(io_side);
    for (size_t i = 0; i < own; ++i) side_zero_.event(events[i]);
}

// All stages on the main thread.
bool Pipeline::single_turn(int64_t timeout_us) {
    net::ReadyEvent event{};
    {
        const RoleScope role(io_side);
        while (main_events_.pop(event)) side_zero_.event(event);
    }
    const bool busy = side_zero_.can_go_on() || !filled_.empty() ||
                      engine_.keyspace().limbo().has_released() ||
                      accepts_pending_.load(std::memory_order_relaxed);
    take_token();
    poll(busy ? 0 : timeout_us);
    const bool released = release_held();
    // Whoever has sent the next request meanwhile comes into the same group of the log.
    if (released) poll(0);
    return run_side_zero() || released;
}

// Reads, executes, completes and writes in rounds, until everything that was ready has been served
// once.
bool Pipeline::run_side_zero() {
    const RoleScope role(io_side);
    bool worked = false;
    size_t unserved = side_zero_.ready();
    for (int rounds = 0; rounds < 64; ++rounds) {
        const size_t batches = std::max<size_t>(kBatchesPerRound * share_ / kShareMax, 1);
        const size_t visited = side_zero_.read(batches, share_);
        side_zero_.flush();
        if (visited == 0 && filled_.empty()) break;
        worked = true;
        unserved -= std::min(unserved, visited);
        execute_filled();
        side_zero_.write();
        // What this round replaced is free, and warm, when the next one builds its values.
        if (engine_.running() == nullptr && !threads_in_use()) begin_turn();
        if (unserved == 0 &&
            CycleClock::to_nanoseconds(CycleClock::now() - active_since_) > kExtraRoundsNs) {
            break;
        }
    }
    // Once a turn: each time the log's thread wakes it may take the core from this one.
    hand_over();
    side_zero_.write();
    return worked;
}

void Pipeline::execute_filled() {
    const uint64_t begin = CycleClock::now();
    while (!filled_.empty()) {
        std::unique_ptr<Batch> batch = std::move(filled_.front());
        filled_.pop_front();
        execute(*batch, 0);
        publish(std::move(batch), 0);
    }
    const uint64_t took_ns = CycleClock::to_nanoseconds(CycleClock::now() - begin);
    if (took_ns > kRoundNs)
        share_ = std::max(share_ * kRoundNs / took_ns, kShareMin);
    else if (took_ns < kRoundNs / 2)
        share_ = std::min(share_ * 2, kShareMax);
}

bool Pipeline::drain_threads() {
    bool worked = false;
    for (size_t i = 0; i < threads_.size(); ++i) {
        const auto side = static_cast<SideNumber>(i + 1);
        threads_[i]->retry_deliveries();
        std::unique_ptr<Batch> batch = threads_[i]->take_submitted();
        if (batch == nullptr) continue;
        execute(*batch, side);
        publish(std::move(batch), side);
        worked = true;
    }
    return release_held() || worked;
}

bool Pipeline::threaded_turn(int64_t timeout_us) {
    bool worked = false;
    if (side_zero_.connections() > 0 ||
        !main_events_.empty()) {  // Some are still on their way to a thread.
        net::ReadyEvent event{};
        const RoleScope role(io_side);
        while (main_events_.pop(event)) side_zero_.event(event);
    }
    if (side_zero_.can_go_on() || side_zero_.connections() > 0) worked = run_side_zero();
    worked = drain_threads() || worked;
    if (worked || accepts_pending_.load(std::memory_order_relaxed)) return worked;
    flush_outboxes();
    wait_for_threads(timeout_us);
    active_since_ = CycleClock::now();
    return drain_threads();
}

bool Pipeline::any_submitted() const {
    return std::any_of(threads_.begin(), threads_.end(),
                       [](const auto& thread) { return thread->has_submitted(); });
}

bool Pipeline::all_asleep() const {
    return std::all_of(threads_.begin(), threads_.end(),
                       [](const auto& thread) { return thread->asleep(); });
}

// While an I/O thread is awake it polls; when all are asleep nothing is pending, and the main
// thread does (rule R4).
void Pipeline::wait_for_threads(int64_t timeout_us) {
    if (timeout_us <= 0) return;
    const auto something = [this] {
        return any_submitted() || !main_events_.empty() ||
               accepts_pending_.load(std::memory_order_seq_cst) || anything_released();
    };
    const uint64_t begin = CycleClock::now();
    const int64_t spin = spin_ns();
    while (!all_asleep() &&
           CycleClock::to_nanoseconds(CycleClock::now() - begin) < static_cast<uint64_t>(spin)) {
        if (something()) return;
        relax_cpu();
    }
    if (all_asleep() && !something()) {
        take_token();
        poll(timeout_us);
        token_.grant();
        return;
    }
    waiting_.parking.park([&] { return something() || all_asleep(); }, timeout_us);
}

// --- routing events; under the poll token ---

size_t Pipeline::route(std::span<net::ReadyEvent> events, SideNumber self) {
    retry_events();
    size_t own = 0;
    for (const net::ReadyEvent& event : events) {
        if (PollTag::is_listener(event.tag)) {
            accepts_pending_.store(true, std::memory_order_seq_cst);
            if (self != 0) waiting_.parking.wake();
            continue;
        }
        const SideNumber side = PollTag::side(event.tag);
        if (side == self) {
            events[own++] = event;
        } else if (side == 0) {
            if (!main_events_.push(event)) unrouted_.push_back(event);
            waiting_.parking.wake();
        } else if (side <= threads_.size() && !threads_[side - 1u]->deliver_event(event)) {
            unrouted_.push_back(event);
        }
    }
    return own;
}

void Pipeline::retry_events() {
    if (unrouted_.empty()) return;
    std::vector<net::ReadyEvent> again = std::exchange(unrouted_, {});
    for (const net::ReadyEvent& event : again) {
        const SideNumber side = PollTag::side(event.tag);
        const bool delivered =
            side == 0 ? main_events_.push(event)
                      : side <= threads_.size() && threads_[side - 1u]->deliver_event(event);
        if (!delivered) unrouted_.push_back(event);
    }
}

}  // namespace millrace::pipeline
