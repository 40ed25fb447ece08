// SPDX-License-Identifier: BSD-3-Clause
#include "persistence/snapshot/snapshots.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/memory.h"
#include "keyspace/collection.h"
#include "persistence/rdb/value_writer.h"

namespace millrace::persistence::snapshot {

using keyspace::CapturedBy;
using keyspace::Collection;
using keyspace::Entry;

namespace {

constexpr int64_t kSliceUs = 100;
constexpr int64_t kSliceUsMax = 400;  // Of a busy server.
constexpr int64_t kIdleSliceUs = 500;
constexpr int64_t kLetGoUs = 200;       // What a slow thread has held back may be very much.
constexpr int64_t kTurnsPerSlice = 16;  // A slice may take this part of the time between two.
constexpr int64_t kWaitUs = 1000;       // How long the loop may sleep while the thread is at work.
constexpr size_t kSpareChunksMax = 64;
// What the keyspace notes of an entry that it holds for the snapshot: number and pointer.
constexpr uint64_t kHeldListBytes = 16;
// What the serialised form of a collection may take for the main thread to make it; larger ones are
// frozen.
constexpr size_t kSmallBytesMax = size_t{64} << 10;
constexpr size_t kSamples = 5;
constexpr size_t kStringsPerSample = 16;
constexpr uint64_t kHeldBytesMin = uint64_t{32} << 20;
constexpr uint64_t kHeldShare = 8;  // A part of the memory in use.

}  // namespace

Snapshots::Snapshots(keyspace::Keyspace& keyspace, const RdbSettings& settings,
                     std::string cpu_list, FactsSource facts, const threads::Crew& crew)
    : keyspace_(keyspace),
      settings_(settings),
      facts_(std::move(facts)),
      crew_(crew),
      thread_(std::move(cpu_list), crew) {}

Snapshots::~Snapshots() {
    stop();
}

void Snapshots::stop() {
    while (!waiting_.empty()) cancel(waiting_.front().purpose);
    keyspace_.capture().give_up();
    thread_.give_up();
    given_up_ = true;
    finish_walk();
    while (under_way_) {
        send();
        collect();
        if (under_way_) crew_.rest(kWaitUs);
    }
    keyspace_.capture().returned(UINT64_MAX);
    keyspace_.capture().let_go([] { return true; });
}

// --- requests ---

void Snapshots::request(SnapshotRequest request) {
    waiting_.push_back(std::move(request));
}

bool Snapshots::is_busy(Purpose purpose) const {
    if (under_way_ && current_.purpose == purpose) return true;
    return std::any_of(waiting_.begin(), waiting_.end(),
                       [purpose](const auto& request) { return request.purpose == purpose; });
}

void Snapshots::cancel(Purpose purpose) {
    if (under_way_ && current_.purpose == purpose) {
        thread_.give_up();
        given_up_ = true;
        keyspace_.capture().give_up();
    }
    std::deque<SnapshotRequest> cancelled;
    for (auto at = waiting_.begin(); at != waiting_.end();) {
        if (at->purpose != purpose) {
            ++at;
            continue;
        }
        cancelled.push_back(std::move(*at));
        at = waiting_.erase(at);
    }
    for (SnapshotRequest& request : cancelled) {
        if (request.ended) request.ended(Error("the snapshot was given up", ECANCELED));
    }
}

Progress Snapshots::progress() const {
    return {.running = under_way_,
            .keys_written = under_way_ ? thread_.keys_written() : 0,
            .keys_total = under_way_ ? keys_total_ : 0,
            .held_bytes = held_bytes(),
            .held_bytes_highest = held_bytes_highest_,
            .buffer_bytes = closed_bytes_ + keyspace_.capture().held_strings() * kHeldListBytes,
            .taken = taken_};
}

// --- the turn ---

int64_t Snapshots::attend(int64_t wait_us, bool is_idle) {
    if (!is_active()) [[likely]]
        return wait_us;
    collect();
    const int64_t let_go_until_ns = crew_.now_ns() + kLetGoUs * 1000;
    keyspace_.capture().let_go([&] { return crew_.now_ns() < let_go_until_ns; });
    if (!under_way_ && !waiting_.empty() && !keyspace_.capture().walking()) cut();
    const int64_t since_us = (crew_.now_ns() - attended_ns_) / 1000;
    walk(is_idle ? kIdleSliceUs : std::clamp(since_us / kTurnsPerSlice, kSliceUs, kSliceUsMax));
    finish_walk();
    send();
    slow_down();
    attended_ns_ = crew_.now_ns();
    if (!is_active()) return wait_us;
    if (keyspace_.capture().may_let_go()) return 0;
    const bool goes_on =
        keyspace_.capture().walking() ? given_up_ || !under_way_ || keeps_up() : !under_way_;
    return goes_on ? 0 : std::min(wait_us, kWaitUs);
}

void Snapshots::walk(int64_t budget_us) {
    keyspace::Capture& capture = keyspace_.capture();
    const int64_t deadline_ns = crew_.now_ns() + budget_us * 1000;
    const bool keeps = under_way_ && !given_up_;
    int count = 0;
    const auto go_on = [&] { return ++count % 4 != 0 || crew_.now_ns() < deadline_ns; };
    while (capture.walking() && crew_.now_ns() < deadline_ns && (!keeps || keeps_up())) {
        capture.step(go_on);
        if (keeps) send();
    }
}

// After the last key, or when nobody wants them any more, the task may end.
void Snapshots::finish_walk() {
    if (!under_way_ || last_closed_) return;
    if (!given_up_ && thread_.failed()) {
        given_up_ = true;
        keyspace_.capture().give_up();
    }
    if (!given_up_ && keyspace_.capture().walking()) {
        if (thread_.is_idle() && open_ != nullptr) close_chunk();  // It has nothing to do.
        return;
    }
    open_chunk().is_last = true;
    close_chunk();
    last_closed_ = true;
}

void Snapshots::send() {
    while (!closed_.empty() && thread_.has_room()) {
        closed_bytes_ -= closed_.front()->memory_bytes();
        thread_.send(std::move(closed_.front()));
        closed_.pop_front();
    }
}

void Snapshots::collect() {
    while (std::unique_ptr<Chunk> chunk = thread_.receive()) {
        keyspace_.capture().returned(chunk->number);
        held_bytes_ -= chunk->held_bytes;
        if (chunk->task != nullptr) end(std::move(chunk->task));
        if (spare_.size() < kSpareChunksMax) spare_.push_back(std::move(chunk));
    }
}

// Lets the thread catch up, the longer the more it is behind. The disk may be slow for good, so
// nobody waits for it: these are moments.
void Snapshots::slow_down() {
    const uint64_t held = held_bytes();
    held_bytes_highest_ = std::max(held_bytes_highest_, held);
    if (held <= held_ceiling_bytes_ || closed_.empty()) return;
    const uint64_t excess = held - held_ceiling_bytes_;
    const uint64_t wait_us =
        std::min<uint64_t>(4000, 500 + excess * 8000 / (held_ceiling_bytes_ + 1));
    crew_.rest(static_cast<int64_t>(wait_us));
}

// --- the beginning and the end ---

std::unique_ptr<Task> Snapshots::make_task() {
    auto task = std::make_unique<Task>();
    const CutFacts facts = facts_();
    use_marks_ = facts.use_marks;
    task->target = std::move(current_.target);
    task->format = {.compress = settings_.rdbcompression, .checksum = settings_.rdbchecksum};
    task->use_marks = facts.use_marks;
    task->key_delay_us = settings_.rdb_key_save_delay;
    keys_total_ = keyspace_.total_size();
    for (int db = 0; db < keyspace_.database_count(); ++db) {
        task->sizes.push_back({keyspace_.database(db).size(), keyspace_.database(db).expiring()});
    }
    rdb::BufferSink sink;
    rdb::Writer writer(sink, {.compress = task->format.compress, .checksum = false});
    rdb::write_preamble(writer, {.now_seconds = facts.now_seconds,
                                 .use_marks = facts.use_marks,
                                 .is_aof_base = current_.purpose == Purpose::AofBase,
                                 .libraries = facts.libraries});
    (void)writer.flush();  // A buffer takes everything.
    task->preamble = sink.view();
    return task;
}

void Snapshots::cut() {
    current_ = std::move(waiting_.front());
    waiting_.pop_front();
    under_way_ = true;
    given_up_ = false;
    last_closed_ = false;
    held_bytes_highest_ = 0;
    sampled_bytes_ = sampled_strings_ = 0;
    held_ceiling_bytes_ = std::max(kHeldBytesMin, used_bytes() / kHeldShare);
    ++taken_;
    thread_.expect_task();
    plain_.clear();
    writer_ = std::make_unique<rdb::Writer>(
        sink_,
        rdb::WriterOptions{
            .compress = settings_.rdbcompression, .checksum = false, .compress_later = &plain_});
    open_chunk().task = make_task();
    keyspace_.capture().begin(*this);
    if (current_.at_cut) current_.at_cut();
}

void Snapshots::end(std::unique_ptr<Task> task) {
    under_way_ = false;
    writer_.reset();
    spare_.clear();
    const SnapshotRequest ended = std::exchange(current_, {});
    if (ended.ended) ended.ended(task->result);
}

// --- keys ---

Status Snapshots::ChunkSink::write(std::string_view bytes) {
    chunk->bytes.append(bytes);
    return done();
}

Chunk& Snapshots::open_chunk() {
    if (open_ != nullptr) return *open_;
    if (spare_.empty()) {
        open_ = std::make_unique<Chunk>();
    } else {
        open_ = std::move(spare_.back());
        spare_.pop_back();
        open_->records.clear();
        open_->places.clear();
        open_->bytes.clear();
        open_->held_bytes = 0;
        open_->is_last = false;
    }
    open_->number = next_number_++;
    sink_.chunk = open_.get();
    writer_base_ = writer_->written();
    return *open_;
}

void Snapshots::close_chunk() {
    (void)writer_->flush();  // The chunk takes everything.
    open_->plain.assign(plain_.begin(), plain_.end());
    plain_.clear();
    closed_bytes_ += open_->memory_bytes();
    closed_.push_back(std::move(open_));
}

void Snapshots::take(int db, Entry& entry, CapturedBy by) {
    Chunk& chunk = open_chunk();
    Record record{
        .object = nullptr,
        .expire_at_ms = entry.expire_at_ms(),
        .use = static_cast<uint32_t>(rdb::use_of(entry, use_marks_, keyspace_.access_clock())),
        .place = 0,
        .db = static_cast<uint16_t>(db),
        .kind = Record::Kind::String};
    if (entry.is_string()) {
        record.object = &entry;
        keyspace_.capture().handed_over(entry, chunk.number);
        if (by == CapturedBy::Change || chunk.records.size() % kStringsPerSample == 0) {
            sampled_bytes_ += keyspace_.builder().memory_bytes(entry);
            ++sampled_strings_;
        }
    } else {
        add_collection(chunk, record, entry);
        if (by == CapturedBy::Change) {
            const Place& place = chunk.places.back();
            chunk.held_bytes += place.end - place.begin;
            held_bytes_ += place.end - place.begin;
        }
    }
    chunk.records.push_back(record);
    // One root a chunk, so that few are frozen at a time, and none for the sake of others.
    const bool is_full = chunk.records.size() >= Chunk::kRecordsMax ||
                         record.kind == Record::Kind::Root ||
                         writer_->written() - writer_base_ >= Chunk::kBytesMax;
    if (is_full) close_chunk();
}

void Snapshots::add_collection(Chunk& chunk, Record& record, Entry& entry) {
    Collection& collection = *entry.collection();
    Place place{.begin = writer_->written() - writer_base_,
                .end = 0,
                .plain_begin = plain_.size(),
                .plain_end = 0};
    writer_->type(rdb::type_of(collection));
    writer_->string(entry.key());
    if (collection.memory_bytes(kSamples) <= kSmallBytesMax) {
        record.kind = Record::Kind::Bytes;
        rdb::write_value(*writer_, collection);
    } else {
        record.kind = Record::Kind::Root;
        record.object = &keyspace_.capture().freeze(collection, chunk.number);
    }
    place.end = writer_->written() - writer_base_;
    place.plain_end = plain_.size();
    for (size_t i = place.plain_begin; i < plain_.size(); ++i) plain_[i].offset -= writer_base_;
    record.place = static_cast<uint32_t>(chunk.places.size());
    chunk.places.push_back(place);
}

// Strings that wait for the thread are counted, not weighed one by one.
uint64_t Snapshots::held_bytes() const {
    const keyspace::Capture& capture = keyspace_.capture();
    const uint64_t collections = held_bytes_ + capture.held_collection_bytes();
    if (sampled_strings_ == 0) return collections;
    return collections + capture.held_strings() * (sampled_bytes_ / sampled_strings_);
}

}  // namespace millrace::persistence::snapshot
