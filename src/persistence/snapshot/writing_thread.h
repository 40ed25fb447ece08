// SPDX-License-Identifier: BSD-3-Clause
//
// The snapshot thread: turns chunks into the bytes of an RDB file and gives them to the target.
//
// It starts with the first chunk, at a lower priority than the others, on the cores of
// `bgsave-cpulist`; without these, on any but the one where the main thread is. After a failure, or
// when the task is given up, it only hands chunks back.
//
// Owner:   Snapshots.
// Threads: the public side is the main thread's; run() and below are the thread's own.
// Limits:  kInFlightMax chunks; nobody waits for room.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "base/core_mask.h"
#include "base/parking.h"
#include "persistence/snapshot/chunk.h"
#include "threads/crew.h"
#include "threads/spsc_ring.h"

namespace millrace::persistence::snapshot {

class WritingThread {
public:
    static constexpr size_t kInFlightMax = 32;

    WritingThread(std::string cpu_list, const threads::Crew& crew)
        : cpu_list_(std::move(cpu_list)), crew_(crew) {}
    // Gives up what is under way.
    ~WritingThread();
    WritingThread(const WritingThread&) = delete;
    WritingThread& operator=(const WritingThread&) = delete;

    bool has_room() const { return in_flight_ < kInFlightMax; }
    // Whether everything that was sent has come back.
    bool is_idle() const { return in_flight_ == 0; }
    // Before the first chunk of a task.
    void expect_task();
    void send(std::unique_ptr<Chunk> chunk);
    // A chunk that is done with; null: there is none at the moment. In the order of send().
    std::unique_ptr<Chunk> receive();

    // The task that is under way need not be finished.
    void give_up() { given_up_.store(true, std::memory_order_relaxed); }
    // Whether it has failed; what is still sent is not written.
    bool failed() const { return failed_.load(std::memory_order_relaxed); }
    uint64_t keys_written() const { return keys_written_.load(std::memory_order_relaxed); }

private:
    void run();
    void prepare() const;
    void leave_main_core();
    void work(Chunk& chunk);
    void begin(std::unique_ptr<Task> task);
    void end(Chunk& chunk);
    void write(const Chunk& chunk);
    void write_key(const Chunk& chunk, const Record& record);
    void write_bytes(const Chunk& chunk, const Place& place);
    void select(int db);
    void delay();
    bool is_over() const {
        return given_up_.load(std::memory_order_relaxed) || !task_->result.ok();
    }

    const std::string cpu_list_;
    const threads::Crew& crew_;
    const CoreMask cores_;  // Of the process; the main thread may be pinned since.
    threads::SpscRing<std::unique_ptr<Chunk>, 2 * kInFlightMax> sent_;
    threads::SpscRing<std::unique_ptr<Chunk>, 2 * kInFlightMax> returned_;
    Parking parking_;
    std::atomic<bool> stopping_{false};
    std::atomic<bool> given_up_{false};
    std::atomic<bool> failed_{false};
    std::atomic<uint64_t> keys_written_{0};
    std::atomic<int> main_core_{-1};  // Where the main thread was when it sent the last chunk.
    size_t in_flight_ = 0;            // The main thread's.

    // The thread's own.
    int core_left_ = -1;
    std::unique_ptr<Task> task_;
    std::optional<rdb::Writer> writer_;
    std::vector<bool> sized_;  // Databases whose size has been written.
    int db_ = -1;
    uint64_t keys_ = 0;

    std::thread thread_;
};

}  // namespace millrace::persistence::snapshot
