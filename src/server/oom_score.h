// SPDX-License-Identifier: BSD-3-Clause
//
// `oom-score-adj`: how likely the kernel is to kill this process when memory runs out. The score
// from before the first change is what relative values add to, and what "no" goes back to.
//
// Owner:   the server.
// Threads: main thread.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "server/settings.h"

namespace millrace::server {

// Index of OomScores.
enum class ProcessClass : uint8_t { Primary, Replica, Background };

class OomScore {
public:
    // `path` is the kernel's file; tests have another.
    explicit OomScore(std::string path = "/proc/self/oom_score_adj") : path_(std::move(path)) {}

    // Makes the settings true. The error is what CONFIG SET shows; the log has the reason.
    Status apply(OomScoreAdj mode, const OomScores& values, ProcessClass process);

private:
    Result<int64_t> read() const;
    Status write(int64_t score) const;

    std::string path_;
    bool changed_ = false;
    int64_t score_before_ = 0;  // While changed_.
};

}  // namespace millrace::server
