// SPDX-License-Identifier: BSD-3-Clause
//
// Runs transcripts against a target, and tells what differed.
//
// Threads: one.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "target.h"
#include "transcript.h"

namespace millrace::transcript {

struct Tally {
    size_t passed = 0;
    size_t failed = 0;
    size_t skipped = 0;
};

class Runner {
public:
    // `protocol` is what clients speak where a case does not say.
    Runner(Target& target, int protocol) : target_(target), protocol_(protocol) {}

    // Prints each case that failed, up to its first difference.
    Tally run(const Transcript& transcript);

private:
    enum class Outcome { Passed, Failed, Skipped };

    struct Observation {
        std::optional<std::vector<std::string>> events;
        std::optional<std::vector<std::string>> effects;
    };

    Outcome run_case(const Transcript& transcript, const Case& each);
    Outcome run_step(const Transcript& transcript, const Case& each, const Step& step);
    Result<Outcome> obey(const Step& directive);
    Observation observe();
    Outcome fail(const Transcript& transcript, const Case& each, const Step& step,
                 const std::vector<std::string>& expected, const std::vector<std::string>& actual);

    Target& target_;
    int protocol_;
    int spoken_ = 2;  // Of the case.
    bool unordered_ = false;
    bool observed_ = false;  // Nothing has run since the last look at events and effects.
};

}  // namespace millrace::transcript
