// SPDX-License-Identifier: BSD-3-Clause
//
// Giving scores to members of a sorted set, under the conditions of ZADD, which GEOADD shares.
//
// Threads: main thread.
#pragma once

#include <span>

#include "base/result.h"
#include "engine/call.h"
#include "values/sorted_set.h"

namespace millrace::commands::support {

struct ScoreOptions {
    bool only_missing = false;   // NX
    bool only_existing = false;  // XX
    bool only_greater = false;   // GT
    bool only_less = false;      // LT
    bool count_changed = false;  // CH
    bool increment = false;      // INCR: the score is added to what there is.
};

// Whether the options agree with each other and with that many elements.
Status check_score_options(const ScoreOptions& options, size_t elements);

// Gives members of the key at argument 1 their scores, and answers.
Status put_scores(engine::Call& call, const ScoreOptions& options,
                  std::span<const values::ScoredMember> elements);

}  // namespace millrace::commands::support
