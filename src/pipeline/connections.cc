// SPDX-License-Identifier: BSD-3-Clause
//
// The life of connections as the main thread sees it: adopting, moving between I/O sides, closing;
// and the number of I/O threads.
#include <algorithm>
#include <utility>

#include "base/cycle_clock.h"
#include "engine/acl/access_control.h"
#include "pipeline/pipeline.h"
#include "threads/cores.h"

namespace millrace::pipeline {

using engine::ClientOrder;
using engine::ClientSlot;
using engine::Session;

namespace {

constexpr int64_t kSpinNs = 20000;

engine::ReadingRules rules_of(const Session& session) {
    return {.authenticated = !session.is(engine::kUnauthenticated), .protocol = session.protocol};
}
}  // namespace

Status Pipeline::watch_listener(int descriptor, size_t number) {
    return poller_.add(descriptor, PollTag::listener(number));
}

Session& Pipeline::adopt(std::unique_ptr<net::Transport> transport, engine::Peer peer) {
    Session& session = engine_.sessions().create();
    session.peer = std::move(peer);
    session.created_ms = engine_.now_ms();
    session.last_interaction_ms = engine_.now_ms();
    engine_.access().welcome(session);
    const SideNumber side = placements_.least_loaded(static_cast<SideNumber>(active_));
    placements_.place(session.slot(), side);
    auto connection =
        std::make_unique<Connection>(session.slot(), session.generation(), std::move(transport),
                                     session.traffic, rules_of(session));
    outbox(side).replies().order(session.slot(), ClientOrder::Adopt,
                                 reinterpret_cast<uint64_t>(connection.release()));
    ++state_.net.connections;
    return session;
}

void Pipeline::close(Session& session, engine::CloseMode mode) {
    if (session.is(engine::kClosing)) return;
    session.set(engine::kClosing, true);
    const bool now = mode == engine::CloseMode::Now;
    log_for(session).order(session.slot(), now ? ClientOrder::CloseNow : ClientOrder::CloseWritten);
}

void Pipeline::rules_changed(Session& session) {
    log_for(session).order(session.slot(), ClientOrder::Resume, rules_of(session).pack());
}

// The connection has ended. What is on its way between two sides is waited for.
void Pipeline::leave(Session& session, engine::ReplyLog& log) {
    Placement& placement = placements_.at(session.slot());
    if (placement.phase == MovePhase::Detaching) {
        placement.has_left = true;
    } else {
        drop(session, log);
    }
}

void Pipeline::drop(Session& session, engine::ReplyLog& log) {
    const ClientSlot slot = session.slot();
    log.order(slot, ClientOrder::Release);
    placements_.forget(slot);
    engine_.forget(session);
    --state_.net.connections;
}

// --- moving ---

void Pipeline::start_move(ClientSlot slot, SideNumber target) {
    Session* session = engine_.sessions().at(slot);
    if (session == nullptr || !placements_.begin_move(slot, target)) return;
    log_for(*session).order(slot, ClientOrder::Freeze);
}

void Pipeline::frozen(const engine::Request& request, engine::ReplyLog& log) {
    Session* session = engine_.sessions().find(request.client, request.client_generation);
    if (session == nullptr) return;
    log.order(request.client, ClientOrder::Detach);
    placements_.at(request.client).phase = MovePhase::Detaching;
}

void Pipeline::detached(const engine::Request& request) {
    std::unique_ptr<Connection> connection(static_cast<Connection*>(request.prebuilt));
    const ClientSlot slot = request.client;
    Placement& placement = placements_.at(slot);
    Batch& box = outbox(placement.target);
    box.replies().order(slot, ClientOrder::Adopt, reinterpret_cast<uint64_t>(connection.release()));
    if (placement.transit != nullptr) box.replies().append(*placement.transit);
    placements_.settle(slot);
    if (!placement.has_left) return;
    Session* const session = engine_.sessions().find(slot, request.client_generation);
    CHECK(session != nullptr);
    drop(*session, box.replies());
}

// Moves clients away from sides that are not in use, and from the main thread when threads are.
void Pipeline::rebalance() {
    const auto active = static_cast<SideNumber>(active_);
    for (size_t slot = 0; slot < placements_.slots(); ++slot) {
        const auto client = static_cast<ClientSlot>(slot);
        const Placement& placement = placements_.at(client);
        if (!placement.present || placement.phase != MovePhase::Settled) continue;
        const bool misplaced =
            active == 0 ? placement.side != 0 : placement.side == 0 || placement.side > active;
        if (misplaced) start_move(client, placements_.least_loaded(active));
    }
    flush_outboxes();
}

// --- threads ---

void Pipeline::set_active(int threads) {
    if (threads == active_ || !opened_) return;
    take_token();  // Who polls reads `threads_`.
    while (static_cast<int>(threads_.size()) < threads) {
        const auto number = static_cast<SideNumber>(threads_.size() + 1);
        threads_.push_back(std::make_unique<IoThread>(
            number,
            IoThread::Parts{.side = side_parts_,
                            .token = token_,
                            .router = *this,
                            .main = waiting_,
                            .usage = state_.threads.use(number),
                            .spin_ns = threads::usable_cores_at_start() > 1 ? kSpinNs : 0}));
        threads_.back()->set_settings(io_settings_);
    }
    active_ = threads;
    state_.net.io_threads_active = static_cast<uint64_t>(threads);
    if (!threads_.empty()) token_.grant();
    rebalance();
}

void Pipeline::configure_threads(int io_threads, bool always_active) {
    configured_ = std::clamp(io_threads - 1, 0, kIoThreadsMax);
    state_.net.io_threads_configured = static_cast<uint64_t>(configured_);
    always_active_ = always_active;
    set_active(always_active ? configured_ : std::min(active_, configured_));
}

void Pipeline::tidy_threads() {
    for (auto& thread : threads_) thread->tidy();
}

void Pipeline::drop_spares() {
    {
        const RoleScope role(io_side);
        side_zero_.drop_spares();
    }
    // What a batch took with it has left its own list here, of any size.
    for (auto& blocks : frees_) blocks.shrink_to_fit();
    engine_.keyspace().limbo().drop_spares();
}

void Pipeline::configure_io(const IoSettings& settings) {
    io_settings_ = std::make_shared<const IoSettings>(settings);
    side_zero_.set_settings(io_settings_);
    for (auto& thread : threads_) thread->set_settings(io_settings_);
}

void Pipeline::adjust_threads(int64_t now_ms) {
    if (always_active_ || (configured_ == 0 && active_ == 0)) return;
    const uint64_t now = CycleClock::now();
    const uint64_t main_busy = state_.threads.main().active_nanoseconds.read();
    uint64_t threads_busy = 0;
    for (size_t i = 1; i <= threads_.size(); ++i)
        threads_busy += state_.threads[i].active_nanoseconds.read();
    const uint64_t commands = engine_.counters().commands_processed;
    Activation::Sample sample{.now_ms = now_ms,
                              .elapsed_ns = CycleClock::to_nanoseconds(now - sampled_.at),
                              .main_busy_ns = main_busy - sampled_.main_busy,
                              .threads_busy_ns = threads_busy - sampled_.threads_busy,
                              .commands = commands - sampled_.commands};
    sampled_.at = now;
    sampled_.main_busy = main_busy;
    sampled_.threads_busy = threads_busy;
    sampled_.commands = commands;
    if (activation_.needs_system(sample, active_)) {
        const uint64_t delayed = thread_run_delay_ns();
        sample.main_delayed_ns = delayed - sampled_.delayed;
        sampled_.delayed = delayed;
        sample.idle_cores = idle_cores_.sample(threads::usable_cores_at_start());
    }
    set_active(activation_.decide(sample, active_, configured_));
}

}  // namespace millrace::pipeline
