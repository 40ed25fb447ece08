// SPDX-License-Identifier: BSD-3-Clause
//
// Takes snapshots of the dataset while commands go on: the main thread's side. There is no fork.
//
//     request ─► waits ─► cut ─► chunks of keys ─► writing thread ─► the chunks come back ─► ended
//
// attend() runs once a turn of the main loop, between units of effects. At the cut it turns the
// capture around (keyspace/capture.h), after which keys come by two ways: the walk, for a short
// time in each turn and only while the thread keeps up, and changes, whenever they happen. Chunks
// that the thread has no room for wait here; their keys hold memory, which is counted, and over a
// ceiling the loop pauses for moments, so that the thread catches up. Nobody waits for a disk.
//
// One snapshot is taken at a time. After one that failed or was given up, the walk goes on to the
// end without keeping anything, and only then comes the next cut.
//
// Owner:   Persistence.
// Threads: main thread.
// Limits:  held_ceiling_bytes, chosen at the cut.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "keyspace/capture.h"
#include "keyspace/keyspace.h"
#include "persistence/rdb/library_store.h"
#include "persistence/settings.h"
#include "persistence/snapshot/chunk.h"
#include "persistence/snapshot/service.h"
#include "persistence/snapshot/writing_thread.h"
#include "threads/crew.h"

namespace millrace::persistence::snapshot {

// What the file says of the server at the moment of the cut.
struct CutFacts {
    int64_t now_seconds = 0;
    rdb::UseMarks use_marks = rdb::UseMarks::None;
    const rdb::LibraryStore* libraries = nullptr;
};

struct Progress {
    bool running = false;
    uint64_t keys_written = 0;
    uint64_t keys_total = 0;
    uint64_t held_bytes = 0;
    uint64_t held_bytes_highest = 0;  // Of the last one, too.
    uint64_t buffer_bytes = 0;        // What noting and copying keys takes, while they wait.
    uint64_t taken = 0;               // Cuts so far.
};

class Snapshots final : public SnapshotService, private keyspace::CaptureSink {
public:
    using FactsSource = std::function<CutFacts()>;

    Snapshots(keyspace::Keyspace& keyspace, const RdbSettings& settings, std::string cpu_list,
              FactsSource facts, const threads::Crew& crew = threads::Crew::system());
    ~Snapshots() override;

    // Gives up what is under way and what waits: the end of the server, while those are there who
    // have asked. They ask for nothing more.
    void stop();

    void request(SnapshotRequest request) override;
    bool is_busy(Purpose purpose) const override;
    void cancel(Purpose purpose) override;

    // Whether attend() has something to do.
    bool is_active() const {
        const keyspace::Capture& capture = keyspace_.capture();
        return under_way_ || !waiting_.empty() || capture.walking() || capture.may_let_go();
    }
    // Does what can be done in a moment. Returns how long the turn may sleep: `wait_us`, or less.
    // `is_idle`: nobody has asked the server for anything lately.
    int64_t attend(int64_t wait_us, bool is_idle);

    Progress progress() const;

private:
    void take(int db, keyspace::Entry& entry, keyspace::CapturedBy by) override;
    void add_collection(Chunk& chunk, Record& record, keyspace::Entry& entry);
    uint64_t held_bytes() const;

    void cut();
    std::unique_ptr<Task> make_task();
    void collect();
    void end(std::unique_ptr<Task> task);
    void walk(int64_t budget_us);
    void finish_walk();
    void send();
    void slow_down();
    bool keeps_up() const { return closed_.empty() && thread_.has_room(); }

    Chunk& open_chunk();
    void close_chunk();

    keyspace::Keyspace& keyspace_;
    const RdbSettings& settings_;
    const FactsSource facts_;
    const threads::Crew& crew_;
    std::deque<SnapshotRequest> waiting_;

    // The one under way, from the cut until its task has come back.
    bool under_way_ = false;
    bool given_up_ = false;     // Or failed: nothing more is kept.
    bool last_closed_ = false;  // The last chunk is on its way.
    SnapshotRequest current_;
    rdb::UseMarks use_marks_ = rdb::UseMarks::None;
    uint64_t keys_total_ = 0;
    uint64_t held_bytes_ = 0;     // By collections in chunks.
    uint64_t sampled_bytes_ = 0;  // Of some strings of the snapshot.
    uint64_t sampled_strings_ = 0;
    uint64_t held_bytes_highest_ = 0;
    uint64_t held_ceiling_bytes_ = 0;
    uint64_t taken_ = 0;

    class ChunkSink final : public rdb::ByteSink {
    public:
        Status write(std::string_view bytes) override;
        Chunk* chunk = nullptr;
    };

    std::unique_ptr<Chunk> open_;
    std::deque<std::unique_ptr<Chunk>> closed_;  // Waiting for room at the thread.
    uint64_t closed_bytes_ = 0;                  // What they take.
    std::vector<std::unique_ptr<Chunk>> spare_;
    uint64_t next_number_ = 1;
    ChunkSink sink_;  // Where the small collections of the open chunk go.
    std::vector<rdb::PlainString> plain_;
    std::unique_ptr<rdb::Writer> writer_;
    uint64_t writer_base_ = 0;  // What it had written when the open chunk began.
    int64_t attended_ns_ = 0;   // When attend() was last left.

    WritingThread thread_;
};

}  // namespace millrace::persistence::snapshot
