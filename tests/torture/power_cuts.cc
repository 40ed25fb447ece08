// SPDX-License-Identifier: BSD-3-Clause
//
// Power cuts on a simulated disk: bytes that were not synced are lost, torn, reordered, names that
// were not synced come or do not come, and each time a server starts from what is left.
//
//     power_cuts [--cuts N] [--seed S] [--explain 1]
//     power_cuts --story SEED [--policy P] [--trouble T] [--steps N] [--fails-at N] [--order N]
//                [--cuts N]
//
// Of each story (story.h) the power goes before and behind operations that change or sync names,
// and at random others. What is found must be a prefix of the history, MULTI units whole, with
// everything that was promised: `always`, all that was acknowledged; `everysec`, what was
// acknowledged more than 1.1 s plus the time of two syncs ago; in any case what the log said is on
// disk. The RDB file must be the last one saved, or a later one, whole. Then the power goes again
// while the server starts, and once more behind writes of the server that has started.
//
// A log with holes, zeros with data behind them, may be refused, since the same bytes could be
// damage to what was on disk already; it is counted. It is never loaded as anything but a prefix,
// and cut off at the hole it holds what was promised.
//
// The second form tells one story again, with numbers for policy and trouble, and once more in
// other orders of the threads until N cuts were made: the same order gives the same history. It
// shows history and files of the first promise broken; so does --explain.
//
// Threads: one plays the main thread of one machine after the other.
#include <fmt/format.h>

#include <sched.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"
#include "machine.h"
#include "persistence/aof/manifest.h"
#include "story.h"

namespace millrace::torture {
namespace {

using persistence::AppendFsync;

constexpr int kShownMax = 20;

struct Counts {
    uint64_t cuts = 0;
    uint64_t refused = 0;  // With a hole in the log.
    uint64_t failed = 0;
};

class Judge {
public:
    explicit Judge(uint64_t seed) : random_(seed) {}

    void cut(const std::string& title, Story& story, size_t at);
    void count(const std::string& title, const std::string& problem);
    // Of a story that went wrong without any cut.
    void show_living(Story& story) {
        show(story.disk(), story.disk().history_size(), story.disk().image_now());
    }
    uint64_t below(uint64_t limit) { return random_() % limit; }
    Damage damage();

    Counts counts;
    bool explains = false;  // Shows what was on disk when a promise was broken, the first time.

private:
    std::string verdict(Story& story, size_t at, const Image& image);
    std::string refused(Story& story, size_t at, const Image& image);
    std::string aftermath(Story& story, SimDisk& disk, uint64_t units);
    static std::string saved(Story& story, size_t at, const Image& image);
    void show(const SimDisk& disk, size_t at, const Image& image);

    std::mt19937_64 random_;
    bool has_shown_ = false;
};

Damage Judge::damage() {
    static constexpr uint64_t kTorn[] = {1, 16, 512, 4096};
    return {.seed = random_(),
            .bytes = static_cast<Fate>(below(kFates)),
            .names = static_cast<Fate>(below(kFates)),
            .torn_at = kTorn[below(4)]};
}

void Judge::count(const std::string& title, const std::string& problem) {
    ++counts.cuts;
    if (problem.empty()) return;
    if (++counts.failed <= kShownMax) fmt::print("{}: {}\n", title, problem);
    std::fflush(stdout);
}

void Judge::cut(const std::string& title, Story& story, size_t at) {
    const Damage damage = this->damage();
    const Image image = story.disk().image_at(at, damage);
    std::string problem = verdict(story, at, image);
    if (!problem.empty()) {
        problem += fmt::format(" (cut {} of {}, damage {}, bytes {}, names {}, torn at {})", at,
                               story.disk().history().size(), damage.seed,
                               static_cast<int>(damage.bytes), static_cast<int>(damage.names),
                               damage.torn_at);
        show(story.disk(), at, image);
    }
    count(title, problem);
}

std::string readable(std::string bytes) {
    for (char& each : bytes) {
        if (each == '\0') each = '~';
        if (each < ' ' || each > '~') each = '_';
    }
    return bytes;
}

// Of the first promise that was broken.
void Judge::show(const SimDisk& disk, size_t at, const Image& image) {
    if (!explains || std::exchange(has_shown_, true)) return;
    const std::vector<Operation>& history = disk.history();
    for (size_t i = 0; i < history.size(); ++i) {
        const Operation& each = history[i];
        if (i == at) fmt::print("--- the power goes ---\n");
        fmt::print("{:4} at {} ms {}, began at {}, file {} from {} {} {} {}\n", i, each.at_ms,
                   name_of(each.action), each.began, each.file, each.from, each.path, each.to,
                   readable(each.bytes));
    }
    for (const auto& [name, bytes] : image.files) {
        fmt::print("{}, {} bytes: {}\n", name, bytes.size(), readable(bytes));
    }
}

std::string Judge::saved(Story& story, size_t at, const Image& image) {
    const auto found = image.files.find("dump.rdb");
    if (found == image.files.end()) {
        return story.must_be_saved(at) ? "the RDB file is gone" : "";
    }
    const auto units = Machine::units_of(found->second);
    if (!units) return "the RDB file is damaged";
    if (story.may_be_saved(at, *units)) return "";
    return fmt::format("the RDB file shows {} units", *units);
}

// The log as millrace-check-aof --fix leaves it: it ends at its first hole.
Image without_holes(Image image) {
    using persistence::aof::Manifest;
    const std::string folder = persistence::AofSettings().appenddirname + "/";
    const std::string name = persistence::AofSettings().appendfilename + ".manifest";
    Result<Manifest> manifest = Manifest::parse(image.files[folder + name]);
    if (!manifest.ok()) return image;
    bool is_over = false;
    for (const persistence::aof::FileEntry& each : manifest->increments) {
        std::string& bytes = image.files[folder + each.name];
        const auto hole = image.holes.find(folder + each.name);
        if (is_over) {
            bytes.clear();
        } else if (hole != image.holes.end()) {
            bytes.resize(hole->second);
            is_over = true;
        }
    }
    return image;
}

// What was promised stands before the hole.
std::string Judge::refused(Story& story, size_t at, const Image& image) {
    SimDisk disk(without_holes(image), random_());
    Machine machine(disk, story.settings());
    const Status started = machine.start();
    if (!started.ok()) {
        return fmt::format("does not start without what is behind the hole: {}",
                           started.error().text());
    }
    if (machine.written() >= story.least_units(at)) return "";
    return fmt::format("{} units before the hole, {} were promised", machine.written(),
                       story.least_units(at));
}

std::string Judge::verdict(Story& story, size_t at, const Image& image) {
    SimDisk disk(image, random_());
    Machine machine(disk, story.settings());
    const Status started = machine.start();
    if (!started.ok()) {
        if (!image.holes.empty() && !started.error().text().starts_with("the state")) {
            ++counts.refused;
            const std::string problem = refused(story, at, image);
            return problem.empty() ? saved(story, at, image) : problem;
        }
        return fmt::format("does not start: {}", started.error().text());
    }
    const uint64_t units = machine.written();
    const uint64_t least = story.least_units(at);
    const uint64_t most = story.most_units(at);
    if (units < least) return fmt::format("{} units, {} were promised", units, least);
    if (units > most) return fmt::format("{} units, of {}", units, most);
    if (std::string problem = saved(story, at, image); !problem.empty()) return problem;
    return below(4) == 0 ? aftermath(story, disk, units) : "";
}

// `disk` is what a server has started from. The power goes again.
std::string Judge::aftermath(Story& story, SimDisk& disk, uint64_t units) {
    const size_t history = disk.history_size();
    {
        const Image image = disk.image_at(below(history + 1), damage());
        SimDisk second(image, random_());
        Machine machine(second, story.settings());
        const Status started = machine.start();
        if (!started.ok() && !image.holes.empty()) return "";
        if (!started.ok()) {
            return fmt::format("a second start: {}", started.error().text());
        }
        if (machine.written() != units) {
            return fmt::format("a second start finds {} of {} units", machine.written(), units);
        }
    }
    const Image left = disk.image_at(history, damage());
    SimDisk third(left, random_());
    uint64_t promised = units;
    {
        persistence::AofSettings settings = story.settings();
        settings.appendfsync = AppendFsync::Always;
        Machine machine(third, settings);
        const Status started = machine.start();
        if (!started.ok()) {
            show(disk, history, left);
            return fmt::format("a third start: {}", started.error().text());
        }
        for (int i = 0; i < 3; ++i) {
            (void)machine.write_unit();
            machine.settle();
            promised = machine.acknowledged();
        }
        if (promised != units + 3) return "what is written after a start is not acknowledged";
    }
    const size_t at = third.history_size();
    const Image last = third.image_at(at, damage());
    SimDisk fourth(last, random_());
    Machine machine(fourth, story.settings());
    const Status started = machine.start();
    if (started.ok() && machine.written() == promised) return "";
    show(third, at, last);
    if (!started.ok()) return fmt::format("a fourth start: {}", started.error().text());
    return fmt::format("{} units after writes behind a start, {} were acknowledged",
                       machine.written(), promised);
}

// --- what is tried ---

std::string title_of(const Plan& plan) {
    static constexpr const char* kPolicies[] = {"no", "always", "everysec"};
    return fmt::format("story {}, {}, trouble: {}, call that fails: {}, order: {}", plan.seed,
                       kPolicies[static_cast<size_t>(plan.policy)], name_of(plan.trouble),
                       plan.fails_at, plan.order);
}

bool changes_names(const Operation& operation) {
    return operation.action != Action::Append && operation.action != Action::Sync &&
           operation.action != Action::LostSync && operation.action != Action::Cut;
}

// Places in a history at which most can go wrong.
struct Places {
    std::vector<size_t> names;      // Before and behind operations that change them, or sync them.
    std::vector<size_t> syncs;      // One has not quite ended.
    std::vector<size_t> switches;   // The first bytes of another file have been written.
    std::vector<size_t> overtaken;  // The log went on in a file while another was not on disk yet.
    std::vector<size_t> promises;   // One has just been given.
};

// Which files of the log have bytes that are not on disk.
class Unsynced {
public:
    void see(const Operation& each, size_t at) {
        if (each.action == Action::Create && each.path.find(".incr") != std::string::npos) {
            logs_.insert(each.file);
        }
        if (each.action == Action::Append && logs_.contains(each.file)) last_[each.file] = at;
        const auto last = last_.find(each.file);
        if (each.action == Action::Sync && last != last_.end() && last->second < each.began) {
            last_.erase(last);
        }
    }
    size_t count() const { return last_.size(); }

private:
    std::set<size_t> logs_;
    std::map<size_t, size_t> last_;  // Where in the history bytes were appended last.
};

Places places_of(const Story& story, const std::vector<Operation>& history) {
    Places places{.promises = story.promises()};
    size_t last_file = SIZE_MAX;
    Unsynced unsynced;
    for (size_t i = 0; i < history.size(); ++i) {
        unsynced.see(history[i], i);
        if (history[i].action == Action::Sync) places.syncs.push_back(i);
        if (history[i].action == Action::Append) {
            if (history[i].file != last_file) places.switches.push_back(i + 1);
            last_file = history[i].file;
            if (unsynced.count() > 1) places.overtaken.push_back(i + 1);
        }
        if (!changes_names(history[i])) continue;
        places.names.push_back(i);
        places.names.push_back(i + 1);
    }
    return places;
}

void cut_story(Judge& judge, const Plan& plan, uint64_t cuts) {
    Story story(plan);
    const std::string title = title_of(plan);
    if (const std::string problem = story.run(); !problem.empty()) {
        judge.count(title, problem);
        judge.show_living(story);
        return;
    }
    const std::vector<Operation>& history = story.disk().history();
    const Places places = places_of(story, history);
    const std::vector<size_t> anywhere;
    const std::vector<size_t>* const kinds[] = {&places.names,    &places.names,    &places.names,
                                                &places.promises, &places.promises, &places.syncs,
                                                &places.switches, &anywhere};
    for (uint64_t i = 0; i < cuts; ++i) {
        if (i % 4 == 3 && !places.overtaken.empty()) {
            judge.cut(title, story, places.overtaken[judge.below(places.overtaken.size())]);
            continue;
        }
        const std::vector<size_t>& kind = *kinds[i % std::size(kinds)];
        judge.cut(title, story,
                  kind.empty() ? judge.below(history.size() + 1) : kind[judge.below(kind.size())]);
    }
}

void cut_stories(Judge& judge, uint64_t seed, uint64_t cuts) {
    constexpr AppendFsync kPolicies[] = {AppendFsync::Always, AppendFsync::EverySecond,
                                         AppendFsync::EverySecond, AppendFsync::No};
    constexpr uint64_t kCutsEach = 40;
    const uint64_t before = judge.counts.cuts;
    for (uint64_t i = 0; judge.counts.cuts - before < cuts; ++i) {
        // Half of the stories are without trouble.
        const auto trouble = i % 2 == 0 ? Trouble::None : static_cast<Trouble>(i / 2 % kTroubles);
        // Slow disks take real time, too.
        const bool slow = trouble == Trouble::SlowSyncs || trouble == Trouble::VerySlowSyncs;
        cut_story(judge,
                  {.seed = seed + i,
                   .policy = kPolicies[i / 2 % 4],
                   .trouble = trouble,
                   .steps = slow ? 40 : i % 4 == 0 ? 90 : 300},
                  kCutsEach);
    }
}

// Each call to the disk in turn fails once.
void fail_each_call(Judge& judge, uint64_t seed, uint64_t cuts) {
    const uint64_t before = judge.counts.cuts;
    for (int64_t call = 1; judge.counts.cuts - before < cuts; ++call) {
        for (AppendFsync policy : {AppendFsync::Always, AppendFsync::EverySecond}) {
            cut_story(judge,
                      {.seed = seed + static_cast<uint64_t>(call / 200),
                       .policy = policy,
                       .steps = 60,
                       .fails_at = call % 200 + 1},
                      8);
        }
    }
}

// The last file of the log ends at each of its bytes.
void cut_each_byte(Judge& judge, uint64_t seed) {
    Story story({.seed = seed, .policy = AppendFsync::Always, .steps = 60, .events = false});
    judge.count("each byte", story.run());
    Image image = story.disk().image_now();
    std::string name;
    for (const auto& [each, bytes] : image.files) {
        if (each.find(".incr.") != std::string::npos) name = each;
    }
    const std::string whole = image.files[name];
    uint64_t units = 0;
    for (size_t size = 0; size <= whole.size(); ++size) {
        image.files[name] = whole.substr(0, size);
        SimDisk disk(image);
        Machine machine(disk, story.settings());
        const Status started = machine.start();
        std::string problem = started.ok() ? "" : std::string(started.error().text());
        if (problem.empty() && machine.written() < units) problem = "fewer units than before";
        units = machine.written();
        judge.count(fmt::format("cut at byte {}", size), problem);
    }
    if (units != 60) judge.count("each byte", fmt::format("the whole file shows {} units", units));
}

int run_one(Plan plan, uint64_t cuts) {
    set_log_level(LogLevel::Nothing);
    Judge judge(plan.seed);
    judge.explains = true;
    for (; judge.counts.cuts < cuts && judge.counts.failed == 0; ++plan.order) {
        cut_story(judge, plan, std::min<uint64_t>(cuts, 120));
    }
    fmt::print("{} cuts, {} promises broken\n", judge.counts.cuts, judge.counts.failed);
    return judge.counts.failed == 0 ? 0 : 1;
}

int run(uint64_t seed, uint64_t cuts, bool explains) {
    set_log_level(LogLevel::Nothing);
    fmt::print("seed {}\n", seed);
    std::fflush(stdout);
    uint64_t passed = 0;
    uint64_t failed = 0;
    const auto part = [&](const char* name, auto&& work) {
        Judge judge(seed);
        judge.explains = explains;
        work(judge);
        const Counts& counts = judge.counts;
        fmt::print("{}: {} cuts, {} logs with holes refused, {} promises broken\n", name,
                   counts.cuts, counts.refused, counts.failed);
        std::fflush(stdout);
        passed += counts.cuts - counts.failed;
        failed += counts.failed;
    };
    part("each byte of the last file", [&](Judge& judge) { cut_each_byte(judge, seed); });
    part("each call to the disk fails",
         [&](Judge& judge) { fail_each_call(judge, seed, cuts / 4); });
    part("stories", [&](Judge& judge) { cut_stories(judge, seed, cuts - cuts / 4); });
    fmt::print("{} passed, {} failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}

// Its threads take turns, so that another core only makes each turn longer.
void stay_on_one_core() {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    CPU_SET(sched_getcpu(), &cores);
    (void)sched_setaffinity(0, sizeof(cores), &cores);
}

}  // namespace
}  // namespace millrace::torture

int main(int argc, char** argv) {
    using namespace millrace;
    uint64_t seed = std::random_device{}();
    uint64_t cuts = 20000;
    bool explains = false;
    torture::Plan story{.seed = 0};
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string_view name = argv[i];
        const uint64_t value = std::strtoull(argv[i + 1], nullptr, 10);
        if (name == "--cuts") cuts = value;
        if (name == "--seed") seed = value;
        if (name == "--explain") explains = value != 0;
        if (name == "--story") story.seed = value;
        if (name == "--policy") story.policy = static_cast<persistence::AppendFsync>(value);
        if (name == "--trouble") story.trouble = static_cast<torture::Trouble>(value);
        if (name == "--steps") story.steps = static_cast<int>(value);
        if (name == "--order") story.order = value;
        if (name == "--fails-at") story.fails_at = static_cast<int64_t>(value);
    }
    torture::stay_on_one_core();
    return story.seed != 0 ? torture::run_one(story, cuts) : torture::run(seed, cuts, explains);
}
