// SPDX-License-Identifier: BSD-3-Clause
#include "persistence/aof/log_writer.h"

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "base/crc64.h"
#include "base/log.h"

namespace millrace::persistence::aof {
namespace {

constexpr int64_t kSyncEveryMs = 1000;
constexpr int64_t kRetryEveryMs = 1000;
constexpr int64_t kLookAgainMs = 50;
constexpr int64_t kForeverMs = threads::Crew::kForeverMs;
constexpr size_t kSpareMax = 4;
constexpr size_t kSpareBytesMax = size_t{1} << 20;

}  // namespace

LogWriter::LogWriter(Parts parts)
    : parts_(std::move(parts)), thread_(parts_.crew.start([this] { work(); })) {}

LogWriter::~LogWriter() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_one();
    parts_.crew.join(thread_);
    parts_.lane.drain();  // Syncs refer to the writer.
}

// --- the main thread's side ---

void LogWriter::give(Order order) {
    {
        const std::lock_guard lock(mutex_);
        orders_.push_back(std::move(order));
    }
    changed_.notify_one();
}

ByteBuffer LogWriter::append(ByteBuffer bytes, uint64_t end) {
    ByteBuffer fresh;
    {
        const std::lock_guard lock(mutex_);
        orders_.push_back({.bytes = std::move(bytes), .offset = end});
        if (!spare_.empty()) {
            fresh = std::move(spare_.back());
            spare_.pop_back();
        }
    }
    changed_.notify_one();
    return fresh;
}

void LogWriter::change_file(std::shared_ptr<LogFile> file, uint64_t bytes) {
    give({.kind = Order::Kind::ChangeFile, .offset = bytes, .file = std::move(file)});
}

void LogWriter::base_holds(uint64_t offset) {
    give({.kind = Order::Kind::BaseHolds, .offset = offset});
}

void LogWriter::flush(bool sync) {
    std::mutex mutex;
    std::condition_variable done;
    bool is_done = false;
    give({.kind = Order::Kind::Flush, .sync = sync, .then = [&] {
              const std::lock_guard lock(mutex);
              is_done = true;
              done.notify_one();
          }});
    std::unique_lock lock(mutex);
    parts_.crew.wait(done, lock, kForeverMs, [&] { return is_done; });
}

void LogWriter::set_policy(AppendFsync policy) {
    if (policy_.exchange(policy, std::memory_order_relaxed) == policy) return;
    // What has been written is synced as the new policy says.
    give({.kind = Order::Kind::Look});
}

// --- the writer ---

void LogWriter::work() {
    pthread_setname_np(pthread_self(), "aof_write");
    std::vector<Order> orders;
    std::unique_lock lock(mutex_);
    for (;;) {
        const auto asked = [this] { return !orders_.empty() || stopping_; };
        const int64_t look_ms = next_look_ms();
        parts_.crew.wait(changed_, lock, std::max<int64_t>(look_ms, 1), asked);
        const bool last = stopping_ && orders_.empty();
        std::swap(orders, orders_);
        lock.unlock();
        const uint64_t written = written_.load(std::memory_order_relaxed);
        const uint64_t synced = synced_.load(std::memory_order_relaxed);
        for (Order& order : orders) take(std::move(order));
        orders.clear();
        if (last) write_to_the_end();
        if (!waiting_.empty()) write_waiting();
        sync_as_due();
        if (written != written_.load(std::memory_order_relaxed) ||
            synced != synced_.load(std::memory_order_relaxed)) {
            parts_.wake();
        }
        lock.lock();
        if (last) return;
    }
}

// In how many milliseconds there is something to do even without an order.
int64_t LogWriter::next_look_ms() const {
    int64_t next = kForeverMs;
    if (write_error() != 0 && !waiting_.empty() && !must_hold()) {
        next = retry_at_ms_ - clock_ms();
    }
    const bool unsynced = written_.load(std::memory_order_relaxed) > sync_asked_;
    if (unsynced && file_ != nullptr &&
        policy_.load(std::memory_order_relaxed) == AppendFsync::EverySecond) {
        const int64_t due = last_sync_ms_ + kSyncEveryMs - clock_ms();
        const bool busy = sync_is_running() || syncs_held_.load(std::memory_order_relaxed);
        next = std::min(next, busy ? std::max(due, kLookAgainMs) : due);
    }
    return next;
}

void LogWriter::take(Order order) {
    switch (order.kind) {
        case Order::Kind::BaseHolds:
            return drop_held_by_base(order.offset);
        case Order::Kind::Flush:
            // Not again within a second if it does not help, but now.
            retry_at_ms_ = 0;
            write_to_the_end();
            if (order.sync && file_ != nullptr) (void)sync_now();
            order.then();
            return;
        case Order::Kind::Look:
            return;
        case Order::Kind::Append:
        case Order::Kind::ChangeFile:
            waiting_.push_back(std::move(order));
            return;
    }
}

void LogWriter::write_waiting() {
    if (write_error() != 0 && clock_ms() < retry_at_ms_) return;
    while (!waiting_.empty()) {
        if (waiting_.front().kind == Order::Kind::ChangeFile) {
            Order order = std::move(waiting_.front());
            waiting_.pop_front();
            change_now(std::move(order));
        } else if (must_hold() || !write_bytes()) {
            return;
        }
    }
}

// As far as the disk takes it; files that are not on disk yet are waited for.
void LogWriter::write_to_the_end() {
    for (;;) {
        write_waiting();
        if (waiting_.empty() || !must_hold()) return;
        parts_.lane.drain();
        // The sync has failed. If the power stays, the bytes are good all the same.
        if (must_hold()) file_begin_ = 0;
    }
}

// One write of what stands before the next change of files. False: the disk did not take it all.
bool LogWriter::write_bytes() {
    std::array<std::string_view, kPiecesMax + 2> pieces;
    pieces[0] = unfinished_;
    size_t count = 1;
    uint64_t bytes = 0;
    for (const Order& order : waiting_) {
        if (order.kind != Order::Kind::Append || count > kPiecesMax) break;
        pieces[count] = order.bytes.view().substr(order.taken);
        bytes += pieces[count++].size();
    }
    if (file_ == nullptr) {  // The log was closed; nobody waits for these.
        while (--count > 0) pop_written();
        return true;
    }
    if (const int64_t delay = delay_us_.load(std::memory_order_relaxed); delay > 0) {
        parts_.crew.rest(delay);
    }
    std::string annotation;
    if (checksums_.load(std::memory_order_relaxed)) {
        uint64_t sum = 0;
        for (size_t i = 1; i < count; ++i) sum = crc64(sum, pieces[i]);
        annotation = fmt::format("#CRC:{}:{:016x}\r\n", bytes, sum);
        pieces[count++] = annotation;
        bytes += annotation.size();
    }
    bytes += unfinished_.size();
    const Result<size_t> taken = file_->append({pieces.data(), count});
    if (!taken.ok() || *taken != bytes) {
        const int code = taken.ok() ? ENOSPC : taken.error().code();
        failed_to_write(annotation, bytes, taken.ok() ? *taken : 0, code);
        return false;
    }
    file_bytes_ += bytes;
    bytes_written_.fetch_add(bytes, std::memory_order_relaxed);
    if (!annotation.empty()) --count;
    unfinished_.clear();
    while (--count > 0) pop_written();
    if (write_error() != 0) {
        write_error_.store(0, std::memory_order_relaxed);
        log_warning("AOF write error looks solved. The server can write again.");
    }
    return true;
}

void LogWriter::pop_written() {
    written_.store(std::max(written_.load(std::memory_order_relaxed), waiting_.front().offset),
                   std::memory_order_seq_cst);
    recycle(std::move(waiting_.front().bytes));
    waiting_.pop_front();
}

void LogWriter::recycle(ByteBuffer bytes) {
    if (bytes.capacity() > kSpareBytesMax) return;
    bytes.clear();
    const std::lock_guard lock(mutex_);
    if (spare_.size() < kSpareMax) spare_.push_back(std::move(bytes));
}

// The first `taken` bytes of what waits are in the file and stay there; how many more were taken.
size_t LogWriter::keep_written(size_t taken) {
    file_bytes_ += taken;
    bytes_written_.fetch_add(taken, std::memory_order_relaxed);
    const size_t finished = std::min(taken, unfinished_.size());
    unfinished_.erase(0, finished);
    taken -= finished;
    size_t pieces = 0;
    while (taken > 0 && !waiting_.empty() && waiting_.front().kind == Order::Kind::Append &&
           pieces++ < kPiecesMax) {
        Order& order = waiting_.front();
        const size_t part = std::min(taken, order.bytes.size() - order.taken);
        order.taken += part;
        taken -= part;
        if (order.taken < order.bytes.size()) break;
        pop_written();
    }
    return taken;
}

void LogWriter::failed_to_write(std::string_view annotation, uint64_t bytes, size_t taken,
                                int code) {
    const bool first = write_error() == 0;
    if (first && taken > 0) {
        log_warning("Short write while writing to the AOF file: {} of {} bytes", taken, bytes);
    } else if (first) {
        log_warning("Error writing to the AOF file: {}", std::strerror(code));
    }
    if (taken > 0 && !file_->cut(file_bytes_).ok()) {
        // Half of a command stays; the rest of it follows when there is room.
        log_warning("Could not remove short write from the append-only file: {}",
                    std::strerror(errno));
        const size_t of_annotation = keep_written(taken);
        if (of_annotation > 0) unfinished_ = annotation.substr(of_annotation);
    }
    write_error_.store(code, std::memory_order_relaxed);
    retry_at_ms_ = clock_ms() + kRetryEveryMs;
    if (policy_.load(std::memory_order_relaxed) == AppendFsync::Always) {
        log_warning(
            "Can't recover from AOF write error when the AOF fsync policy is 'always'. "
            "Exiting...");
        parts_.die();
    }
    parts_.wake();
}

// --- files ---

void LogWriter::change_now(Order order) {
    const uint64_t written = written_.load(std::memory_order_relaxed);
    if (file_ != nullptr) {
        const bool always = policy_.load(std::memory_order_relaxed) == AppendFsync::Always;
        if (always) {
            sync_or_die();
        } else if (written > sync_asked_) {
            sync_in_lane();
        }
    }
    // What was logged before the log was closed is not before what follows.
    file_begin_ = file_ != nullptr && order.file != nullptr ? written : 0;
    if (file_ == nullptr) sync_asked_ = written;
    unfinished_.clear();
    {
        const std::lock_guard lock(sync_mutex_);
        ++files_begun_;
    }
    file_ = std::move(order.file);
    file_bytes_ = order.offset;
}

// What was to be written to the files before the base need not be any more, and whether they are on
// disk does not matter.
void LogWriter::drop_held_by_base(uint64_t offset) {
    while (!waiting_.empty()) {
        Order& front = waiting_.front();
        if (front.kind == Order::Kind::ChangeFile) {
            if (written_.load(std::memory_order_relaxed) > offset) break;
            Order order = std::move(front);
            waiting_.pop_front();
            change_now(std::move(order));
            continue;
        }
        if (front.offset > offset) break;
        pop_written();
        write_error_.store(0, std::memory_order_relaxed);
    }
    const std::lock_guard lock(sync_mutex_);
    first_needed_ = files_begun_;
    if (failed_file_ != 0 && failed_file_ < files_begun_) {
        failed_file_ = 0;
        sync_error_.store(0, std::memory_order_relaxed);
    }
    if (failed_file_ == 0 && synced_.load(std::memory_order_relaxed) < offset) {
        synced_.store(offset, std::memory_order_seq_cst);
    }
}

// --- syncing ---

void LogWriter::sync_as_due() {
    const uint64_t written = written_.load(std::memory_order_relaxed);
    if (file_ == nullptr || written <= sync_asked_) return;
    switch (policy_.load(std::memory_order_relaxed)) {
        case AppendFsync::Always:
            return sync_or_die();
        case AppendFsync::EverySecond:
            if (clock_ms() - last_sync_ms_ < kSyncEveryMs || sync_is_running() ||
                syncs_held_.load(std::memory_order_relaxed))
                return;
            sync_in_lane();
            return;
        case AppendFsync::No:
            return;
    }
}

bool LogWriter::sync_now() {
    const uint64_t offset = written_.load(std::memory_order_relaxed);
    const Status synced = file_->sync();
    sync_asked_ = offset;
    last_sync_ms_ = clock_ms();
    sync_done(synced.ok() ? 0 : synced.error().code(), offset, files_begun_);
    return synced.ok();
}

void LogWriter::sync_or_die() {
    if (sync_now() || sync_error() == 0) return;
    log_warning(
        "Can't persist AOF for fsync error when the AOF fsync policy is 'always': {}. "
        "Exiting...",
        std::strerror(sync_error()));
    parts_.die();
}

void LogWriter::sync_in_lane() {
    const uint64_t offset = written_.load(std::memory_order_relaxed);
    sync_asked_ = offset;
    last_sync_ms_ = clock_ms();
    sync_running_.store(true, std::memory_order_relaxed);
    parts_.lane.run([this, file = file_, offset, number = files_begun_] {
        const Status synced = file->sync();
        sync_done(synced.ok() ? 0 : synced.error().code(), offset, number);
        sync_running_.store(false, std::memory_order_relaxed);
        give({.kind = Order::Kind::Look});  // It may have been waited for.
        parts_.wake();
    });
}

// On either thread.
void LogWriter::sync_done(int code, uint64_t offset, uint64_t file_number) {
    const std::lock_guard lock(sync_mutex_);
    if (code != 0) {
        if (file_number < first_needed_) return;
        if (failed_file_ == 0) log_warning("Error syncing the AOF file: {}", std::strerror(code));
        failed_file_ = file_number;
        sync_error_.store(code, std::memory_order_relaxed);
        return;
    }
    // Behind a sync that has failed there is a hole.
    if (failed_file_ == 0 && synced_.load(std::memory_order_relaxed) < offset) {
        synced_.store(offset, std::memory_order_seq_cst);
    }
}

}  // namespace millrace::persistence::aof
