// SPDX-License-Identifier: BSD-3-Clause
//
// When the server may try again by itself to rewrite the append-only file, after it has failed.
//
// Owner:   the append-only file.
// Threads: main thread.
#pragma once

#include <algorithm>
#include <cstdint>

namespace millrace::persistence::aof {

class RewritePace {
public:
    // Compat: so many failures in a row are taken for bad luck.
    static constexpr uint64_t kFailuresAllowed = 3;
    static constexpr int64_t kMinutesMax = 60;

    void succeeded() { *this = RewritePace(); }
    void failed() {
        ++failures_;
        announced_ = false;
        if (failures_ < kFailuresAllowed) return;
        minutes_ = minutes_ == 0 ? 1 : std::min(minutes_ * 2, kMinutesMax);
        wait_from_ms_ = -1;
    }
    // Whether it must wait at `now_ms`. `announce` is told once a wait.
    template <typename Announce>
    bool must_wait(int64_t now_ms, Announce&& announce) {
        if (failures_ < kFailuresAllowed) return false;
        if (wait_from_ms_ < 0) wait_from_ms_ = now_ms;
        if (now_ms - wait_from_ms_ >= minutes_ * 60000) return false;
        if (!announced_) announce(minutes_);
        announced_ = true;
        return true;
    }
    uint64_t failures() const { return failures_; }

private:
    uint64_t failures_ = 0;
    int64_t minutes_ = 0;
    int64_t wait_from_ms_ = -1;
    bool announced_ = false;
};

}  // namespace millrace::persistence::aof
