// SPDX-License-Identifier: BSD-3-Clause
//
// The thread that owns the log: it writes what the main thread hands over, syncs it as
// `appendfsync` says, and changes from one file to the next. The main thread never waits for it.
//
// Places in the log are offsets: bytes since the server started, whichever file they are in. Two of
// them are published, and only grow:
//
//     synced() <= written() <= what has been handed over
//
// A write that fails is tried again with the same bytes; a sync that fails is not, since the system
// forgets what it could not write. Then synced() stands still until a new base file makes up for
// it: base_holds(). With `appendfsync always` both end the process.
//
// Nothing is written to a file before all of the one before it is on disk (or a base holds that):
// the power may go at any moment, and files whose beginning is missing are no prefix of the log.
//
// Owner:   the append-only file.
// Threads: main thread, but for the members marked as the writer's. Syncs of `everysec` run in the
// slow lane, so that writing goes on meanwhile.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/byte_buffer.h"
#include "persistence/aof/slow_lane.h"
#include "persistence/disk.h"
#include "persistence/settings.h"
#include "threads/crew.h"

namespace millrace::persistence::aof {

class LogWriter {
public:
    struct Parts {
        SlowLane& lane;
        // Something that the main thread waits for has come: an offset, or a failure.
        std::function<void()> wake;
        // Called instead of going on without a promise that was given; does not return.
        std::function<void()> die;
        const threads::Crew& crew = threads::Crew::system();
    };

    explicit LogWriter(Parts parts);
    ~LogWriter();  // After everything has been tried.
    LogWriter(const LogWriter&) = delete;
    LogWriter& operator=(const LogWriter&) = delete;

    // --- orders, carried out in turn ---

    // `bytes` end at offset `end`. Returns an empty buffer with memory to use again.
    ByteBuffer append(ByteBuffer bytes, uint64_t end);
    // What follows goes to `file`, which has `bytes` bytes; the old one is synced and closed. Null:
    // there is no log any more.
    void change_file(std::shared_ptr<LogFile> file, uint64_t bytes);
    // A base file that is on disk holds everything up to `offset`.
    void base_holds(uint64_t offset);
    // Waits until everything has been tried; and synced, if possible.
    void flush(bool sync);

    // --- what is known ---

    uint64_t written() const { return written_.load(std::memory_order_seq_cst); }
    uint64_t synced() const { return synced_.load(std::memory_order_seq_cst); }
    // An errno; 0 when all is well.
    int write_error() const { return write_error_.load(std::memory_order_relaxed); }
    int sync_error() const { return sync_error_.load(std::memory_order_relaxed); }
    bool sync_is_running() const { return sync_running_.load(std::memory_order_relaxed); }
    // Bytes put into files so far, annotations included.
    uint64_t bytes_written() const { return bytes_written_.load(std::memory_order_relaxed); }

    // --- how ---

    void set_policy(AppendFsync policy);
    // While something else keeps the disk busy, `everysec` does not sync.
    void set_syncs_held(bool held) { syncs_held_.store(held, std::memory_order_relaxed); }
    void set_checksums(bool on) { checksums_.store(on, std::memory_order_relaxed); }
    // Before each write; for tests.
    void set_delay_us(int64_t delay) { delay_us_.store(delay, std::memory_order_relaxed); }

private:
    struct Order {
        enum class Kind : uint8_t { Append, ChangeFile, BaseHolds, Flush, Look };
        Kind kind = Kind::Append;
        ByteBuffer bytes = {};
        uint64_t offset = 0;  // The end of the bytes; what a base holds; the size of a file.
        std::shared_ptr<LogFile> file = nullptr;
        size_t taken = 0;  // Of the bytes.
        bool sync = false;
        std::function<void()> then = nullptr;
    };
    static constexpr size_t kPiecesMax = 64;

    // The writer's.
    void work();
    void take(Order order);
    void write_waiting();
    void write_to_the_end();
    bool write_bytes();
    void failed_to_write(std::string_view annotation, uint64_t bytes, size_t taken, int code);
    size_t keep_written(size_t taken);
    void pop_written();
    void change_now(Order order);
    void drop_held_by_base(uint64_t offset);
    void sync_as_due();
    bool sync_now();
    void sync_or_die();
    void sync_in_lane();
    void recycle(ByteBuffer bytes);
    int64_t next_look_ms() const;
    int64_t clock_ms() const { return parts_.crew.now_ns() / 1'000'000; }
    // Whether the file before this one is not on disk yet.
    bool must_hold() const { return synced() < file_begin_; }

    void give(Order order);
    void sync_done(int code, uint64_t offset, uint64_t file_number);

    Parts parts_;
    std::atomic<uint64_t> written_{0};
    std::atomic<uint64_t> synced_{0};
    std::atomic<uint64_t> bytes_written_{0};
    std::atomic<int> write_error_{0};
    std::atomic<int> sync_error_{0};
    std::atomic<bool> sync_running_{false};
    std::atomic<bool> syncs_held_{false};
    std::atomic<bool> checksums_{false};
    std::atomic<int64_t> delay_us_{0};
    std::atomic<AppendFsync> policy_{AppendFsync::EverySecond};

    std::mutex mutex_;  // For the next four.
    std::condition_variable changed_;
    std::vector<Order> orders_;
    std::vector<ByteBuffer> spare_;
    bool stopping_ = false;

    std::mutex sync_mutex_;  // For the next three.
    uint64_t files_begun_ = 0;
    uint64_t first_needed_ = 0;  // Files with lower numbers are made up for by a base.
    uint64_t failed_file_ = 0;  // The number of the file whose sync failed.

    // The writer's.
    std::deque<Order> waiting_;
    std::shared_ptr<LogFile> file_;
    uint64_t file_begin_ = 0;  // The offset at which it begins; 0 for the first one.
    uint64_t file_bytes_ = 0;
    std::string unfinished_;  // What has to follow the annotation that was cut off.
    uint64_t sync_asked_ = 0;  // The offset up to which a sync has been asked for.
    int64_t last_sync_ms_ = 0;
    int64_t retry_at_ms_ = 0;

    std::thread thread_;  // Last: it uses everything above.
};

}  // namespace millrace::persistence::aof
