// SPDX-License-Identifier: BSD-3-Clause
//
// The main loop: gets batches of requests, executes them, hands the results back, and orchestrates
// who polls, reads and writes. With no I/O thread active it runs the same stages itself, on side 0.
//
// A turn:   release limbo ─► gather (poll, or batches of the I/O threads) ─► execute ─► publish ─►
// what the engine put off
//
// Owner:   the server.
// Threads: main thread, but for route(), which the holder of the poll token calls.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "engine/engine.h"
#include "net/poller.h"
#include "observe/server_state.h"
#include "pipeline/activation.h"
#include "pipeline/io_side.h"
#include "pipeline/io_thread.h"
#include "pipeline/placement.h"
#include "structures/slab_pool.h"

namespace millrace::engine {
class ReplyGate;
}

namespace millrace::pipeline {

class Pipeline final : public engine::ClientControl, private EventRouter {
public:
    static constexpr int kIoThreadsMax = 128;
    using AcceptReady = std::function<void()>;

    Pipeline(engine::Engine& engine, structures::SlabHeapPool& heaps, observe::ServerState& state);
    ~Pipeline() override;

    Status open();

    // --- connections ---

    // Registers a listening socket; `ready` runs on the main thread whenever somebody may be
    // waiting.
    Status watch_listener(int descriptor, size_t number);
    void unwatch_listener(int descriptor) { poller_.remove(descriptor); }
    void set_accept_ready(AcceptReady ready) { accept_ready_ = std::move(ready); }
    // Asks for another accept round in the next turn.
    void accept_again() { accepts_pending_.store(true, std::memory_order_relaxed); }
    // Makes a client of an accepted connection.
    engine::Session& adopt(std::unique_ptr<net::Transport> transport, engine::Peer peer);

    // --- running ---

    // One turn; waits for at most `timeout_us` if there is nothing to do.
    void turn(int64_t timeout_us) ON_MAIN_THREAD;
    // Ends a waiting turn(); from a signal handler.
    void wake() { poller_.wake(); }
    // The same from another thread, whatever the main thread waits in.
    void wake_main();
    // From now on results leave when `gate` releases their mark; null: at once. The gate outlives
    // the pipeline, or is taken away before.
    void set_gate(engine::ReplyGate* gate);
    // Lets go everything that is held, whether or not it is safe, and writes it.
    void release_all();
    // The cron calls it every 100 ms: decides how many I/O threads to use.
    void adjust_threads(int64_t now_ms);

    // Lets I/O threads give back what has been freed for them, and free what they keep to be used
    // again; they may be asleep.
    void tidy_threads();
    // Frees what the main thread keeps to be used again: batches, blocks of limbo.
    void drop_spares();

    // --- settings ---

    // Threads in all, the main thread included; `always_active` overrides the policy.
    void configure_threads(int io_threads, bool always_active);
    void configure_io(const IoSettings& settings);
    int active_threads() const { return active_; }

    // --- engine::ClientControl ---

    void close(engine::Session& session, engine::CloseMode mode) override;
    engine::ReplyLog& log_for(engine::Session& session) override;
    void rules_changed(engine::Session& session) override;
    void serve_while_busy() override;

private:
    // Results that may not leave yet; by side, in order, so marks only rise.
    struct Held {
        uint64_t mark;
        std::unique_ptr<Batch> batch;
    };

    // Batches on their way to and at a side, to know which turns are completed.
    struct Ledger {
        std::deque<uint64_t> turns;
        uint64_t settled = 0;
    };

    void begin_turn();
    void account_turn();
    uint64_t oldest_uncompleted();
    void release_retired();
    void send_frees_alone();
    bool threads_in_use() const;
    void take_token();
    bool single_turn(int64_t timeout_us);
    bool run_side_zero();
    void execute_filled();
    bool threaded_turn(int64_t timeout_us);
    bool drain_threads();
    void wait_for_threads(int64_t timeout_us);
    void poll(int64_t timeout_us);
    bool all_asleep() const;
    bool any_submitted() const;

    void execute(Batch& batch, SideNumber side);
    void execute_rest();
    void execute_before(size_t end);
    void execute_through(size_t looked_at);
    void publish_so_far();
    void end_busy_script();
    void run_request(engine::Request& request, Batch& batch, SideNumber side);
    void execute_command(engine::Request& request, Batch& batch);
    void fetch(std::span<const engine::Request> requests);
    void publish(std::unique_ptr<Batch> batch, SideNumber side);
    void deliver(std::unique_ptr<Batch> batch, SideNumber side);
    void hold(std::unique_ptr<Batch> batch, SideNumber side, uint64_t mark);
    bool release_held();
    bool release_held(uint64_t released);
    void hand_over();
    bool anything_released() const;
    Batch& outbox(SideNumber side);
    void flush_outbox(SideNumber side);
    void flush_outboxes();
    bool says_something() const;
    size_t route(std::span<net::ReadyEvent> events, SideNumber self) override;
    void retry_events();

    void leave(engine::Session& session, engine::ReplyLog& log);
    void drop(engine::Session& session, engine::ReplyLog& log);
    void frozen(const engine::Request& request, engine::ReplyLog& log);
    void detached(const engine::Request& request);
    void set_active(int threads);
    void rebalance();
    void start_move(engine::ClientSlot slot, SideNumber target);

    engine::Engine& engine_;
    structures::SlabHeapPool& heaps_;
    observe::ServerState& state_;
    net::Poller poller_;
    net::PollToken token_;
    MainWaiting waiting_;
    SideParts side_parts_;
    std::deque<std::unique_ptr<Batch>> filled_;  // By side 0.
    size_t share_ = 32;  // Requests that side 0 takes from one connection in a round.
    IoSide side_zero_;
    std::vector<std::unique_ptr<IoThread>> threads_;  // Side i + 1.
    std::vector<Ledger> ledgers_;                     // By side.
    std::vector<std::unique_ptr<Batch>> outboxes_;    // By side; null when empty.
    // What sides are to free, until a batch goes there.
    std::vector<std::vector<std::unique_ptr<keyspace::RetiredBlock>>> frees_;
    engine::ReplyGate* gate_ = nullptr;
    std::vector<std::deque<Held>> held_;  // By side.
    size_t held_count_ = 0;
    uint64_t held_first_mark_ = 0;  // Of all that is held, the one that can go first.
    Placements placements_;
    Activation activation_;
    std::shared_ptr<const IoSettings> io_settings_;
    threads::SpscRing<net::ReadyEvent, IoThread::kEventRing> main_events_;
    std::vector<net::ReadyEvent> unrouted_;  // Guarded by the poll token.
    std::atomic<bool> accepts_pending_{false};
    AcceptReady accept_ready_;

    Batch* executing_ = nullptr;
    SideNumber executing_side_ = 0;
    size_t executing_next_ = 0;  // The request of the batch that comes next.
    // Whose script has held the main thread for so long that others were served meanwhile.
    engine::Session* busy_session_ = nullptr;
    bool busy_session_left_ = false;  // Its client has gone; it goes when the script has ended.
    uint64_t turn_ = 1;
    int configured_ = 0;  // I/O threads besides the main thread.
    int active_ = 0;
    bool always_active_ = false;
    bool opened_ = false;  // I/O threads need the poller.
    uint64_t active_since_ = 0;  // Cycle clock at the end of the last wait.

    struct {  // What adjust_threads() saw last.
        uint64_t at = 0;
        uint64_t main_busy = 0;
        uint64_t threads_busy = 0;
        uint64_t delayed = 0;
        uint64_t commands = 0;
    } sampled_;
    IdleCores idle_cores_;
    uint64_t execute_ns_ = 0;
    uint64_t commands_before_ = 0;
};

}  // namespace millrace::pipeline
