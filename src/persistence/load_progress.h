// SPDX-License-Identifier: BSD-3-Clause
//
// The dataset is being loaded as long as one of these lives: clients get -LOADING, INFO tells how
// far it is, and from time to time the clients are served for a moment.
//
// Owner:   whoever loads.
// Threads: main thread.
#pragma once

#include <cstdint>
#include <functional>

#include "engine/engine.h"
#include "observe/disk_counters.h"

namespace millrace::persistence {

class LoadProgress {
public:
    struct Rules {
        observe::LoadingMarks& marks;
        // Clients are served each time that so many bytes more have been loaded.
        int64_t interval_bytes = 0;
        // Runs then, too; for signals that came meanwhile.
        std::function<void()> attend = nullptr;
    };

    LoadProgress(engine::Engine& engine, Rules rules, uint64_t bytes_total);
    ~LoadProgress();
    LoadProgress(const LoadProgress&) = delete;
    LoadProgress& operator=(const LoadProgress&) = delete;

    // `bytes` of the current file have been loaded.
    void at(uint64_t bytes) {
        if (begun_ + bytes >= next_) [[unlikely]]
            serve(bytes);
    }
    // The next file begins; the one before had `bytes`.
    void end_file(uint64_t bytes) { begun_ += bytes; }

private:
    void serve(uint64_t bytes);

    engine::Engine& engine_;
    const Rules rules_;
    uint64_t begun_ = 0;
    uint64_t next_ = 0;
    uint64_t total_;
};

}  // namespace millrace::persistence
