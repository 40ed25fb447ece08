// SPDX-License-Identifier: BSD-3-Clause
//
// Everything around the commands for a set of connections: read, parse, resolve; encode, write;
// free. Side 0 is run by the main thread itself when no I/O thread is active; each other side by an
// I/O thread. The stages are the same (rule R1 keeps only the commands apart).
//
//                 ready events                    completed batches
//                      ▼                                 ▼
//     read list ─► Connection::read ─► open batch   encode ─► Connection::write
//                                          ▼
//                                    submit(batch)
//
// Owner:   the pipeline; run by one thread at a time.
// Threads: I/O side, but for what is marked.
// Limits:  kCredits batches under way; without a credit nothing is read, and the kernel's buffers
// push back.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "base/thread_role.h"
#include "net/poller.h"
#include "observe/thread_usage.h"
#include "pipeline/batch.h"
#include "pipeline/connection.h"
#include "pipeline/resolve.h"
#include "structures/slab_pool.h"

namespace millrace::pipeline {

using SideNumber = uint8_t;

// What a descriptor is registered under: who gets its events.
struct PollTag {
    static constexpr uint64_t kListenerBit = 1ull << 63;
    static uint64_t connection(engine::ClientSlot slot, SideNumber side) {
        return (uint64_t{side} << 32) | slot;
    }
    static uint64_t listener(size_t number) { return kListenerBit | number; }
    static bool is_listener(uint64_t tag) { return (tag & kListenerBit) != 0; }
    static SideNumber side(uint64_t tag) { return static_cast<SideNumber>(tag >> 32); }
    static engine::ClientSlot slot(uint64_t tag) { return static_cast<engine::ClientSlot>(tag); }
};

// What all sides share and none changes.
struct SideParts {
    const engine::CommandRegistry& commands;
    const SipKey& seed;
    structures::SlabHeapPool& heaps;
    net::Poller& poller;
    keyspace::Reclaimer& reclaimer;
};

class IoSide final : private RequestSink {
public:
    static constexpr size_t kCredits = 64;
    using Submit = std::function<void(std::unique_ptr<Batch>)>;

    // `heap` is the running thread's; `submit` gets each filled batch.
    IoSide(SideNumber number, const SideParts& parts, structures::SlabHeap& heap,
           observe::ThreadUsage& usage, Submit submit);
    ~IoSide() override;

    // --- the stages ---

    void event(const net::ReadyEvent& event) ON_IO_SIDE;
    // Reads from connections that have something, until `batches_max` batches have been submitted
    // or the list is worked through once; of each not more than so many requests. How many it
    // visited.
    size_t read(size_t batches_max, size_t requests_max) ON_IO_SIDE;
    // How many wait for that.
    size_t ready() const { return read_list_.size(); }
    // Hands on a batch that is not full.
    void flush() ON_IO_SIDE;
    // Encodes what a batch has for its clients, carries out orders, frees; the batch is then used
    // again.
    void complete(std::unique_ptr<Batch> batch) ON_IO_SIDE;
    // Writes to all connections that got something.
    void write() ON_IO_SIDE;
    // Frees what is kept to be used again: batches, and the room of lists that were longer once.
    void drop_spares() ON_IO_SIDE;

    // Whether another round would do something without anything new from outside.
    bool can_go_on() {
        const bool has_input = !read_list_.empty() || !report_list_.empty() || !unpinned_.empty();
        return open_ != nullptr || !write_list_.empty() || (has_input && has_room());
    }
    size_t connections() const { return connection_count_; }
    void set_settings(std::shared_ptr<const IoSettings> settings) {
        settings_ = std::move(settings);
    }
    const keyspace::EntryBuilder& builder() const { return builder_; }
    structures::RemoteFrees& remote_frees() { return remote_frees_; }

    // Batches completed since the start; read by the main thread to know what may be freed.
    uint64_t completed() const { return completed_.load(std::memory_order_acquire); }

private:
    bool has_room() override;
    engine::Request& next_request() override;
    Batch& batch() override { return *open_; }

    Connection* find(engine::ClientSlot slot) {
        return slot < connections_.size() ? connections_[slot].get() : nullptr;
    }
    void fetch(engine::ClientSlot slot);
    void count_buffers(Connection& connection);
    void carry_out(const engine::ReplyRecord& record);
    void adopt(std::unique_ptr<Connection> connection);
    void encode(const engine::ReplyLog& log);
    void want_read(Connection& connection);
    void want_write(Connection& connection);
    void settle_waiting();
    void report(Connection& connection, engine::RequestKind kind, void* payload);
    void report_all();
    void keep(std::unique_ptr<Batch> batch);
    void free_blocks(Batch& batch);

    const SideNumber number_;
    net::Poller& poller_;
    keyspace::EntryBuilder builder_;
    structures::RemoteFrees remote_frees_;
    Resolver resolver_;
    observe::ThreadUsage& usage_;
    Submit submit_;
    std::shared_ptr<const IoSettings> settings_ = std::make_shared<IoSettings>();

    std::vector<std::unique_ptr<Connection>> connections_;  // By slot.
    size_t connection_count_ = 0;
    std::deque<engine::ClientSlot> read_list_;
    std::vector<engine::ClientSlot> waiting_list_;  // Stopped by a barrier or for lack of credits.
    std::vector<engine::ClientSlot> write_list_;
    std::vector<engine::ClientSlot>
        report_list_;  // The main thread must hear of them; needs a credit.
    std::vector<const keyspace::Entry*> unpinned_;
    std::unique_ptr<char[]> scratch_;

    std::unique_ptr<Batch> open_;
    std::vector<std::unique_ptr<Batch>> spare_;
    size_t under_way_ = 0;
    size_t submitted_ = 0;  // Since the current read() began.
    alignas(64) std::atomic<uint64_t> completed_{0};
};

}  // namespace millrace::pipeline
