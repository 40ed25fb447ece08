// SPDX-License-Identifier: BSD-3-Clause
#include "persistence/snapshot/writing_thread.h"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/log.h"
#include "keyspace/collection.h"
#include "keyspace/entry.h"
#include "persistence/rdb/value_writer.h"
#include "threads/cpu_list.h"

namespace millrace::persistence::snapshot {
namespace {

// Behind everybody who serves clients, but not so far that a busy server never gets its snapshot.
constexpr int kNice = 13;

}  // namespace

// --- the main thread's side ---

WritingThread::~WritingThread() {
    if (!thread_.joinable()) return;
    give_up();
    stopping_.store(true, std::memory_order_seq_cst);
    parking_.wake();
    crew_.join(thread_);
}

void WritingThread::expect_task() {
    CHECK(is_idle());
    given_up_.store(false, std::memory_order_relaxed);
    failed_.store(false, std::memory_order_relaxed);
    keys_written_.store(0, std::memory_order_relaxed);
}

void WritingThread::send(std::unique_ptr<Chunk> chunk) {
    CHECK(has_room());
    ++in_flight_;
    main_core_.store(::sched_getcpu(), std::memory_order_relaxed);
    CHECK(sent_.push(std::move(chunk)));
    if (!thread_.joinable()) thread_ = crew_.start([this] { run(); });
    parking_.wake();
}

std::unique_ptr<Chunk> WritingThread::receive() {
    std::unique_ptr<Chunk> chunk;
    if (returned_.pop(chunk)) --in_flight_;
    return chunk;
}

// --- the thread ---

void WritingThread::prepare() const {
    (void)pthread_setname_np(pthread_self(), "snapshot");
    (void)::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNice);
    cores_.apply();
    if (!cpu_list_.empty() && !threads::stay_on(cpu_list_)) {
        log_warning("bgsave-cpulist: cannot run on the cores '{}'", cpu_list_);
    }
}

// Two busy threads on one core take turns at the scheduler's tick, which is some milliseconds;
// clients would wait for each turn.
void WritingThread::leave_main_core() {
    const int core = main_core_.load(std::memory_order_relaxed);
    if (core == core_left_ || !cpu_list_.empty()) return;
    core_left_ = core;
    cores_.apply_without(core);
}

void WritingThread::run() {
    prepare();
    const auto stopping = [this] { return stopping_.load(std::memory_order_seq_cst); };
    while (!stopping()) {
        std::unique_ptr<Chunk> chunk;
        while (sent_.pop(chunk)) {
            leave_main_core();
            work(*chunk);
            CHECK(returned_.push(std::move(chunk)));
        }
        crew_.park(parking_, [&] { return stopping() || !sent_.empty(); });
    }
    if (task_ != nullptr) task_->target->abandon();
}

void WritingThread::work(Chunk& chunk) {
    if (chunk.task != nullptr) begin(std::move(chunk.task));
    write(chunk);
    if (chunk.is_last) end(chunk);
}

void WritingThread::begin(std::unique_ptr<Task> task) {
    task_ = std::move(task);
    sized_.assign(task_->sizes.size(), false);
    db_ = -1;
    keys_ = 0;
    writer_.emplace(*task_->target, task_->format);
    task_->result = task_->target->open();
    writer_->raw(task_->preamble);
}

void WritingThread::end(Chunk& chunk) {
    if (!is_over()) task_->result = rdb::write_end(*writer_);
    const bool complete = !is_over();
    if (complete) {
        task_->result = task_->target->finish();
    } else if (task_->result.ok()) {
        task_->result = Error("the snapshot was given up", ECANCELED);
    }
    if (!task_->result.ok()) task_->target->abandon();
    writer_.reset();
    chunk.task = std::move(task_);
}

void WritingThread::write(const Chunk& chunk) {
    for (const Record& record : chunk.records) {
        if (is_over()) break;
        write_key(chunk, record);
        keys_written_.store(++keys_, std::memory_order_relaxed);
        if (task_->key_delay_us != 0) delay();
    }
    if (!is_over()) {
        const Status& status = writer_->status();
        if (!status.ok())
            task_->result = Error(std::string(status.error().text()), status.error().code());
    }
    if (!task_->result.ok()) failed_.store(true, std::memory_order_relaxed);
}

void WritingThread::select(int db) {
    if (db == db_) return;
    db_ = db;
    const auto number = static_cast<size_t>(db);
    rdb::write_database_number(*writer_, db);
    if (sized_[number]) return;
    sized_[number] = true;
    rdb::write_database_size(*writer_, task_->sizes[number].keys, task_->sizes[number].expiring);
}

void WritingThread::write_key(const Chunk& chunk, const Record& record) {
    select(record.db);
    rdb::write_key_facts(*writer_, record.expire_at_ms, task_->use_marks, record.use);
    switch (record.kind) {
        case Record::Kind::String: {
            const auto& entry = *static_cast<const keyspace::Entry*>(record.object);
            writer_->type(rdb::Type::String);
            writer_->string(entry.key());
            rdb::write_value(*writer_, entry);
            return;
        }
        case Record::Kind::Bytes:
            return write_bytes(chunk, chunk.places[record.place]);
        case Record::Kind::Root:
            write_bytes(chunk, chunk.places[record.place]);
            return rdb::write_value(*writer_,
                                    *static_cast<const keyspace::Collection*>(record.object));
    }
}

// As they are, but for what may be compressed.
void WritingThread::write_bytes(const Chunk& chunk, const Place& place) {
    const std::string_view bytes = chunk.bytes.view();
    size_t at = place.begin;
    for (size_t i = place.plain_begin; i < place.plain_end; ++i) {
        const rdb::PlainString& plain = chunk.plain[i];
        writer_->raw(bytes.substr(at, plain.offset - at));
        writer_->string(bytes.substr(plain.offset, plain.bytes));
        at = plain.offset + plain.bytes;
    }
    writer_->raw(bytes.substr(at, place.end - at));
}

// As the hidden setting says, in pieces, so that giving up does not wait for the end.
void WritingThread::delay() {
    constexpr int64_t kPieceUs = 5000;
    int64_t left_us = task_->key_delay_us;
    if (left_us < 0) return rdb::delay_key(left_us, keys_);
    while (left_us > 0 && !is_over()) {
        const int64_t piece_us = std::min(left_us, kPieceUs);
        crew_.rest(piece_us);
        left_us -= piece_us;
    }
}

}  // namespace millrace::persistence::snapshot
