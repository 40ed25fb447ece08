// SPDX-License-Identifier: BSD-3-Clause
//
// How the rest of the server asks for a snapshot of the dataset: BGSAVE, the base of an AOF, a full
// synchronisation. One snapshot is taken at a time; other requests wait for their turn.
//
//     request ─► [queue] ─► cut (main thread, between batches) ─► bytes (snapshot thread) ─► ended
//
// Owner:   the server.
// Threads: main thread, but for SnapshotTarget, which the snapshot thread uses between the cut and
// the end.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/result.h"
#include "persistence/rdb/writer.h"

namespace millrace::persistence::snapshot {

// Where the bytes of one snapshot go. It is made on the main thread, used on the snapshot thread
// alone, and destroyed on the main thread.
class SnapshotTarget : public rdb::ByteSink {
public:
    // Before the first byte.
    virtual Status open() = 0;
    // After the last byte: syncs, and puts what was written where it belongs.
    virtual Status finish() = 0;
    // In place of finish() if the snapshot failed or was given up: gets rid of what there is. Also
    // after an open() that failed.
    virtual void abandon() {}
};

enum class Purpose : uint8_t { File, AofBase, Replica };

struct SnapshotRequest {
    Purpose purpose = Purpose::File;
    std::unique_ptr<SnapshotTarget> target;
    // At the moment that the snapshot shows: between two units of effects, so what is propagated
    // from here on is what the snapshot lacks.
    std::function<void()> at_cut;
    // Exactly once, after the target has finished, failed or been given up. The error of a
    // cancelled snapshot has the code ECANCELED.
    std::function<void(const Status&)> ended;
};

class SnapshotService {
public:
    virtual ~SnapshotService() = default;
    // Starts now, at the end of the current turn, or when those before it have ended.
    virtual void request(SnapshotRequest request) = 0;
    // Whether a snapshot of this purpose is being taken or waits.
    virtual bool is_busy(Purpose purpose) const = 0;
    // Gives up the ones of this purpose; each still ends.
    virtual void cancel(Purpose purpose) = 0;
};

}  // namespace millrace::persistence::snapshot
