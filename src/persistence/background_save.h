// SPDX-License-Identifier: BSD-3-Clause
//
// When the RDB file is written in the background: BGSAVE, the save points, another try after a
// failure; and what INFO, the log and commands that write get to know of how it went.
//
// Owner:   Persistence.
// Threads: main thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "engine/engine.h"
#include "persistence/disk.h"
#include "persistence/settings.h"
#include "persistence/snapshot/service.h"
#include "persistence/write_refusals.h"

namespace millrace::persistence {

class BackgroundSave {
public:
    BackgroundSave(engine::Engine& engine, const RdbSettings& settings,
                   snapshot::SnapshotService& snapshots, WriteRefusals& refusals, Disk& disk)
        : engine_(engine),
          settings_(settings),
          snapshots_(snapshots),
          refusals_(refusals),
          disk_(disk) {}

    // What the client is told. `may_wait`: until nothing else is being written.
    Result<std::string_view> start(bool may_wait);
    Result<std::string_view> cancel();
    // Without a word to anybody: the data is gone, or the server ends.
    void give_up();

    bool in_progress() const { return engine_.server().snapshots.saving_in_background; }

    // Begins what is due; the server calls it several times a second.
    void check();
    // The file shows the dataset as it was when the count of changes was `dirty`.
    void saved(uint64_t dirty);
    // Refuses writes, or not, as the last result and the settings say.
    void settle_refusal();

private:
    bool may_try_again(int64_t now_seconds) const;
    void begin();
    void end(const Status& status);
    int64_t now_seconds() const { return engine_.time().wall_microseconds() / 1000000; }

    engine::Engine& engine_;
    const RdbSettings& settings_;
    snapshot::SnapshotService& snapshots_;
    WriteRefusals& refusals_;
    Disk& disk_;
    bool scheduled_ = false;
    int64_t tried_at_seconds_ = 0;
    uint64_t dirty_at_cut_ = 0;
};

}  // namespace millrace::persistence
