// SPDX-License-Identifier: BSD-3-Clause
//
// What one server lived through on a simulated disk, with what it promised and when: the ground
// that power cuts are judged by.
//
// Owner:   the test.
// Threads: one, but for those of the machines in it.
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "persistence/settings.h"
#include "sim_disk.h"

namespace millrace::torture {

class Machine;

enum class Trouble : uint8_t {
    None,
    SlowSyncs,
    VerySlowSyncs,
    FullDisk,
    ShortWrites,
    BrokenWrites,
    FailedSyncs,
    FailedNames,
    Anything
};
inline constexpr int kTroubles = 9;
std::string name_of(Trouble trouble);

struct Plan {
    uint64_t seed = 1;
    persistence::AppendFsync policy = persistence::AppendFsync::Always;
    Trouble trouble = Trouble::None;
    int steps = 300;
    int64_t fails_at = 0;  // That call to the disk fails, once; 0: none does.
    uint64_t order = 0;    // Of the threads: another seed.
    bool events = true;    // Rewrites, saves, deaths, switching off and on.
};

class Story {
public:
    explicit Story(const Plan& plan) : plan_(plan), random_(plan.seed) {}

    // Lives it. What went wrong without any power cut, or nothing.
    std::string run();

    SimDisk& disk() { return disk_; }
    const Plan& plan() const { return plan_; }
    persistence::AofSettings settings() const;

    // Of a power cut before that operation: how many units there must be, and how many may be.
    uint64_t least_units(size_t cut) const;
    uint64_t most_units(size_t cut) const;
    // Whether there must be an RDB file, and whether it may show so many units.
    bool must_be_saved(size_t cut) const;
    bool may_be_saved(size_t cut, uint64_t units) const;
    // Where in the history more was promised than before.
    std::vector<size_t> promises() const;
    // Calls to the disk that may fail.
    int64_t calls() const { return calls_; }

private:
    struct Moment {
        size_t history;
        int64_t at_ms;
        uint64_t units;
    };
    int fault(Call call);
    bool make_trouble(Call call);
    void step(Machine& machine);
    void disturb(Machine& machine);
    void note(Machine& machine);
    bool keeps_promises_of_time() const;
    void begin_save(const Machine& machine);
    void end_save();
    size_t last_save(size_t cut) const;
    int64_t cut_time(size_t cut) const;
    bool syncs_failed_before(size_t cut) const;
    int64_t time_of_last_syncs(size_t cut) const;
    uint64_t below(uint64_t limit) { return random_() % limit; }

    const Plan plan_;
    std::mt19937_64 random_;
    std::mt19937_64 fault_random_{7};
    SimDisk disk_;
    std::vector<Moment> begun_;
    std::vector<Moment> acknowledged_;
    std::vector<Moment> synced_;
    std::vector<Moment> save_attempts_;
    std::vector<Moment> saved_;  // In place of units, which attempt it was.
    std::atomic<bool> is_broken_{false};
    std::atomic<int64_t> calls_{0};
    bool was_saving_ = false;
    bool is_off_ = false;
    int trouble_left_ = 0;
};

}  // namespace millrace::torture
