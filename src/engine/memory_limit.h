// SPDX-License-Identifier: BSD-3-Clause
//
// Keeps `maxmemory`: before a command runs, keys are evicted until what is used fits.
//
//     used by everybody when the batch began  + what the main thread has taken since
//     - condemned (limbo, lazy freeing, flushed databases, an index of expiries while the next one
//       is made)  - buffers that do not count
//     > maxmemory:  evict
//
// What is condemned is on its way out already, so waiting for it never costs another key. So is
// what clients are told of the keys that go: it does not count in the batch in which it is said,
// and nothing is evicted for a moment afterwards, while it is on its way to the sockets.
//
// While the limit is far away (more than a batch could take), commands go the straight way and
// nothing is asked; the engine's condition kMemoryLimited says when it is near.
//
// Evicting takes at most the time that `maxmemory-eviction-tenacity` allows, then lets commands run
// for as long, and goes on; the cron does the rest. Meanwhile writes are not refused: what is
// refused is only what could not be made room for at all.
//
// Owner:   the engine.
// Threads: main thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "keyspace/settings.h"
#include "keyspace/victim_finder.h"

namespace millrace::engine {

class Engine;

// Memory that does not count towards `maxmemory`, since it is there because of evictions, or may
// not cause any. Each field belongs to the module that keeps it up to date.
struct UncountedMemory {
    uint64_t aof_buffer = 0;
    uint64_t replica_buffers = 0;
    uint64_t snapshot_buffers = 0;

    uint64_t total() const { return aof_buffer + replica_buffers + snapshot_buffers; }
};

class MemoryLimit {
public:
    explicit MemoryLimit(Engine& engine);

    // `limit` is `maxmemory` in bytes, 0 for none.
    void configure(const keyspace::Settings& settings, uint64_t limit);
    uint64_t limit() const { return limit_; }
    bool active() const { return limit_ > 0; }

    // Looks whether the limit is near; the engine calls it with each batch while active().
    void begin_batch();

    // Evicts what must go. False: the limit is exceeded and nothing more may go.
    bool make_room();
    // Whether make_room() failed before the command that runs.
    bool out_of_memory() const { return out_of_memory_; }

    // Whether there is more to evict than there was time for; the cron calls make_room() again.
    bool evicting() const { return evicting_; }

    // A replica that leaves evicting to its primary.
    void set_exempt(bool exempt) { exempt_ = exempt; }

    // Bytes that do not count now.
    uint64_t uncounted_bytes() const;
    UncountedMemory& uncounted() { return uncounted_; }

    // How long the limit has been exceeded, in milliseconds: in all, and since when it last was.
    uint64_t exceeded_ms() const;
    uint64_t exceeded_now_ms() const;
    void reset_statistics();

private:
    int64_t excess() const;
    bool may_evict() const;
    bool evict(int64_t allowed);
    void remove(const keyspace::VictimFinder::Victim& victim);
    void tell(std::string_view key, int db);
    int64_t allowed_excess() const;
    void rest(uint64_t begin, uint64_t spent_ns);
    void settle_within();

    Engine& engine_;
    keyspace::VictimFinder finder_;
    UncountedMemory uncounted_;
    uint64_t limit_ = 0;  // 0: none.
    uint64_t near_ = 0;   // Above this a batch could reach it.
    uint64_t slice_ns_ = 0;
    bool exempt_ = false;
    bool counts_buffers_ = true;
    // When the batch began: what all threads used, and what the main thread alone had taken.
    int64_t used_ = 0;
    int64_t own_ = 0;
    int64_t told_ = 0;      // What saying that keys have gone has taken since.
    uint64_t told_at_ = 0;  // Cycle clock: when it was said last.
    int64_t telling_ = 0;   // What has been said and may not have left yet.
    bool out_of_memory_ = false;
    bool evicting_ = false;
    uint64_t rest_until_ = 0;  // Cycle clock: when the next slice may begin.
    int64_t left_ = -1;        // The least above the limit at the end of one; -1: none has ended.
    uint64_t exceeded_since_ns_ = 0;  // 0: it is not.
    uint64_t exceeded_ns_ = 0;
};

}  // namespace millrace::engine
