// SPDX-License-Identifier: BSD-3-Clause
#include "story.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "machine.h"

namespace millrace::torture {

using persistence::AppendFsync;

namespace {

constexpr int kStartsMax = 3;

template <typename Moments>
uint64_t highest(const Moments& moments, size_t cut, int64_t until_ms) {
    uint64_t units = 0;
    for (const auto& each : moments) {
        if (each.history > cut) break;
        if (each.at_ms <= until_ms) units = std::max(units, each.units);
    }
    return units;
}

// One that took its time, whether its process has lived to see the end or not.
bool is_sync(const Operation& operation) {
    return operation.action == Action::Sync || operation.action == Action::LostSync;
}

}  // namespace

std::string name_of(Trouble trouble) {
    static constexpr const char* kNames[] = {
        "none",          "slow syncs",   "very slow syncs", "full disk", "short writes",
        "broken writes", "failed syncs", "failed names",    "anything"};
    return kNames[static_cast<size_t>(trouble)];
}

persistence::AofSettings Story::settings() const {
    persistence::AofSettings settings;
    settings.appendfsync = plan_.policy;
    settings.auto_aof_rewrite_percentage = 0;
    settings.aof_use_rdb_preamble = plan_.seed % 2 == 0;
    settings.aof_checksum_annotations = plan_.seed % 3 == 0;
    settings.aof_timestamp_enabled = plan_.seed % 5 == 0;
    return settings;
}

// --- trouble ---

bool Story::make_trouble(Call call) {
    switch (plan_.trouble) {
        case Trouble::BrokenWrites:
            return call == Call::Append || (call == Call::Cut && fault_random_() % 2 == 0);
        case Trouble::ShortWrites:
            return call == Call::Cut && fault_random_() % 2 == 0;
        case Trouble::FailedSyncs:
            return call == Call::Sync;
        case Trouble::FailedNames:
            return (call == Call::SyncFolder || call == Call::Rename || call == Call::Open) &&
                   fault_random_() % 2 == 0;
        case Trouble::Anything:
            return fault_random_() % 8 == 0;
        default:
            return false;
    }
}

// Under the disk's lock, on any thread.
int Story::fault(Call call) {
    if (++calls_ == plan_.fails_at) return plan_.seed % 2 == 0 ? EIO : ENOSPC;
    if (!is_broken_ || !make_trouble(call)) return 0;
    return call == Call::Append && fault_random_() % 2 == 0 ? ENOSPC : EIO;
}

// --- living ---

std::string Story::run() {
    disk_.schedule.reseed(plan_.seed + plan_.order);
    disk_.fault = [this](Call call, const std::string&) { return fault(call); };
    // Between a write and the end of its sync things happen.
    if (plan_.events && below(4) != 0) disk_.sync_ms = static_cast<int64_t>(1 + below(40));
    if (plan_.trouble == Trouble::SlowSyncs) disk_.sync_ms = static_cast<int64_t>(below(700));
    if (plan_.trouble == Trouble::VerySlowSyncs) disk_.sync_ms = 3000;
    int left = plan_.steps;
    for (int deaths = 0; left > 0 && deaths < plan_.steps; ++deaths) {
        std::string problem = "was never tried";
        std::unique_ptr<Machine> machine;
        // A disk that fails once may make a start fail, but not the next one.
        for (int i = 0; i < kStartsMax && !problem.empty(); ++i) {
            is_broken_ = false;
            disk_.room = UINT64_MAX;
            is_off_ = was_saving_ = false;
            machine = std::make_unique<Machine>(disk_, settings());
            const int64_t sync_ms = disk_.sync_ms.exchange(0);
            const Status started = machine->start();
            disk_.sync_ms = sync_ms;
            problem = started.ok() ? "" : std::string(started.error().text());
            const bool once = plan_.fails_at != 0 && calls_ >= plan_.fails_at;
            if (!problem.empty() && !once) break;
        }
        if (!problem.empty()) return "does not start again after a death: " + problem;
        // The power stayed on, so all that was acknowledged is there.
        const size_t now = disk_.history_size();
        const uint64_t found = machine->written();
        const bool all = plan_.policy == AppendFsync::Always || keeps_promises_of_time();
        const uint64_t least = highest(all ? acknowledged_ : synced_, now, INT64_MAX);
        if (found < least) {
            return fmt::format("{} units after a death, {} were promised", found, least);
        }
        for (; left > 0 && !machine->is_dead(); --left) step(*machine);
    }
    return "";
}

void Story::step(Machine& machine) {
    disturb(machine);
    begun_.push_back({disk_.history_size(), disk_.schedule.now_ms(), machine.written() + 1});
    (void)machine.write_unit();
    machine.attend(below(4) == 0 ? 0 : static_cast<int64_t>(1 + below(30)));
    // Sometimes more is written before the log has taken this.
    if (!plan_.events || below(4) != 0) machine.settle();
    note(machine);
}

void Story::note(Machine& machine) {
    // What was found out before anything more happens to the disk holds from here on.
    if (machine.promises() && !machine.is_dead()) {
        const uint64_t acknowledged = machine.acknowledged();
        const uint64_t synced = machine.synced();
        const size_t now = disk_.history_size();
        const int64_t at_ms = disk_.schedule.now_ms();
        acknowledged_.push_back({now, at_ms, acknowledged});
        synced_.push_back({now, at_ms, synced});
    }
    const bool saving = machine.is_saving();
    if (was_saving_ && !saving && !machine.last_save_failed() && !machine.is_dead()) end_save();
    was_saving_ = saving;
}

void Story::disturb(Machine& machine) {
    if (plan_.trouble != Trouble::None && --trouble_left_ <= 0) {
        const bool breaks = !is_broken_.load();
        is_broken_ = breaks;
        trouble_left_ = static_cast<int>(breaks ? 1 + below(6) : 1 + below(40));
        const bool fills =
            plan_.trouble == Trouble::FullDisk || plan_.trouble == Trouble::ShortWrites;
        if (fills) disk_.room = breaks ? below(200) : UINT64_MAX;
    }
    if (!plan_.events) return;
    // Short stories are eventful ones.
    const uint64_t event = below(plan_.steps < 100 ? 300 : 1000);
    if (event < 25) {
        machine.rewrite();
    } else if (event < 45) {
        is_off_ = machine.set_enabled(is_off_).ok() ? !is_off_ : is_off_;
    } else if (event < 52) {
        machine.kill();
    } else if (event < 60 && !machine.is_saving()) {
        begin_save(machine);
        // While the main thread stands still nobody makes or hears promises: no slow syncs here.
        const int64_t sync_ms = disk_.sync_ms.exchange(0);
        const bool is_saved = machine.save().ok();
        disk_.sync_ms = sync_ms;
        if (is_saved && !machine.is_dead()) end_save();
    } else if (event < 70 && !machine.is_saving() && !machine.is_rewriting()) {
        begin_save(machine);
        machine.save_in_background();
        machine.attend(1);
        was_saving_ = machine.is_saving();
    }
}

void Story::begin_save(const Machine& machine) {
    save_attempts_.push_back({disk_.history_size(), disk_.schedule.now_ms(), machine.written()});
}

void Story::end_save() {
    saved_.push_back({disk_.history_size(), disk_.schedule.now_ms(), save_attempts_.size() - 1});
}

// --- judging ---

int64_t Story::cut_time(size_t cut) const {
    const std::vector<Operation>& history = disk_.history();
    return cut < history.size() ? history[cut].at_ms : disk_.schedule.now_ms();
}

// Replies that leave although the disk does not take what they tell of promise nothing.
bool Story::keeps_promises_of_time() const {
    return plan_.fails_at == 0 &&
           (plan_.trouble == Trouble::None || plan_.trouble == Trouble::SlowSyncs);
}

bool Story::syncs_failed_before(size_t cut) const {
    const auto& history = disk_.history();
    return std::any_of(history.begin(), history.begin() + static_cast<long>(cut),
                       [](const Operation& each) { return each.action == Action::FailedSync; });
}

// How long the two longest of the last syncs took, those under way included.
int64_t Story::time_of_last_syncs(size_t cut) const {
    std::vector<int64_t> times;
    const auto& history = disk_.history();
    const int64_t now_ms = cut_time(cut);
    for (size_t i = cut; i < history.size(); ++i) {
        if (is_sync(history[i]) && history[i].began <= cut) {
            times.push_back(now_ms - history[i].began_ms);
        }
    }
    for (size_t i = cut; i > 0 && times.size() < 3; --i) {
        const Operation& each = history[i - 1];
        if (is_sync(each)) times.push_back(each.at_ms - each.began_ms);
    }
    std::sort(times.rbegin(), times.rend());
    times.resize(std::max<size_t>(times.size(), 2));
    return times[0] + times[1];
}

uint64_t Story::least_units(size_t cut) const {
    const uint64_t safe = highest(synced_, cut, INT64_MAX);
    if (plan_.policy == AppendFsync::Always) {
        return std::max(safe, highest(acknowledged_, cut, INT64_MAX));
    }
    // Writes that cannot be put on disk are refused; until then a promise of time cannot be kept.
    if (plan_.policy != AppendFsync::EverySecond || syncs_failed_before(cut)) return safe;
    if (!keeps_promises_of_time() && plan_.trouble != Trouble::VerySlowSyncs) return safe;
    constexpr int64_t kSecondAndMore = 1100;
    const int64_t until_ms = cut_time(cut) - kSecondAndMore - time_of_last_syncs(cut);
    return std::max(safe, highest(acknowledged_, cut, until_ms));
}

uint64_t Story::most_units(size_t cut) const {
    return highest(begun_, cut, INT64_MAX);
}

std::vector<size_t> Story::promises() const {
    std::vector<size_t> places;
    const auto add = [&places](const std::vector<Moment>& moments) {
        uint64_t last = 0;
        for (const Moment& each : moments) {
            if (std::exchange(last, each.units) < each.units) places.push_back(each.history);
        }
    };
    add(synced_);
    if (plan_.policy == AppendFsync::Always) add(acknowledged_);
    return places;
}

// The number of the attempt behind which nothing older may be found; the number of all if none was
// successful.
size_t Story::last_save(size_t cut) const {
    size_t last = save_attempts_.size();
    for (const Moment& each : saved_) {
        if (each.history <= cut) last = each.units;
    }
    return last;
}

bool Story::must_be_saved(size_t cut) const {
    return last_save(cut) < save_attempts_.size();
}

bool Story::may_be_saved(size_t cut, uint64_t units) const {
    const size_t begin = must_be_saved(cut) ? last_save(cut) : 0;
    for (size_t i = begin; i < save_attempts_.size(); ++i) {
        if (save_attempts_[i].history <= cut && save_attempts_[i].units == units) return true;
    }
    return false;
}

}  // namespace millrace::torture
