// SPDX-License-Identifier: BSD-3-Clause
//
// Chooses so many of a known number of things by chance, each equally likely, while walking past
// all of them once.
//
// Owner:   whoever walks.
// Threads: main thread.
#pragma once

#include <cstdint>

#include "engine/services.h"

namespace millrace::commands::support {

// Picking one by one, again when one has been picked already, is quicker than a walk while fewer
// than one in so many are wanted.
inline constexpr uint64_t kFewShare = 3;

class Sampling {
public:
    // `wanted` is at most `total`.
    Sampling(uint64_t total, uint64_t wanted, engine::EntropySource& entropy)
        : left_(total), wanted_(wanted), entropy_(entropy) {}

    // Whether the next thing is among the chosen ones.
    bool takes_next() {
        if (wanted_ == 0) return false;
        const bool takes = wanted_ >= left_ || entropy_.next() % left_ < wanted_;
        --left_;
        if (takes) --wanted_;
        return takes;
    }

private:
    uint64_t left_;
    uint64_t wanted_;
    engine::EntropySource& entropy_;
};

}  // namespace millrace::commands::support
