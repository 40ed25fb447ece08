// SPDX-License-Identifier: BSD-3-Clause
#include "machine.h"

#include <algorithm>
#include <utility>

namespace millrace::torture {

using transcript::Answer;

namespace {

constexpr int kLooksMax = 20000;
constexpr const char* kRdbName = "dump.rdb";

}  // namespace

Machine::Machine(SimDisk& disk, const persistence::AofSettings& settings)
    : disk_(disk),
      handle_(disk),
      persistence_(world_.engine(), settings_, keyspace_settings_, "", handle_, disk.schedule),
      world_ms_(disk.schedule.now_ms()),
      log_(parts()) {
    settings_.aof = settings;
    settings_.rdb.save = {};
    settings_.rdb.dbfilename = kRdbName;
    world_.engine().connect_persistence(&persistence_);
    persistence_.set_append_log(&log_);
}

Machine::~Machine() {
    // The log, which goes before the snapshots, hears how the one that it has asked for ended.
    persistence_.stop_snapshots();

    handle_.kill();
    world_.engine().connect_persistence(nullptr);
}

persistence::aof::AppendOnlyFile::Parts Machine::parts() {
    return {.engine = world_.engine(),
            .settings = settings_,
            .keyspace_settings = keyspace_settings_,
            .refusals = persistence_.refusals(),
            .disk = handle_,
            .snapshots = persistence_.snapshots(),
            .wake = [this] { disk_.schedule.pause(); },
            .die = [this] { handle_.kill(); },
            .set_gate = [this](engine::ReplyGate* gate) { gate_ = gate; },
            .write_dataset =
                [this](persistence::rdb::ByteSink& sink) { return persistence_.write_base(sink); },
            .load_preamble =
                [this](std::string_view bytes, persistence::LoadProgress& progress) {
                    return persistence_.load_preamble(bytes, progress);
                },
            .clear_libraries = [] {},
            .loading_rules = [this] { return persistence_.loading_rules(); },
            .noted_every = 200,
            .crew = disk_.schedule};
}

Status Machine::start() {
    settings_.aof.appendonly = true;
    TRY(log_.start());
    is_enabled_ = true;
    const std::optional<uint64_t> found = units();
    if (!found) return Error("the state that was loaded is no prefix");
    first_ = acknowledged_ = synced_ = *found;
    return done();
}

Status Machine::start_without_log() {
    settings_.aof.appendonly = false;
    return log_.start();
}

// --- reading ---

std::string Machine::text(const std::string& key) {
    return world_.send("reader", {"GET", key}).reply.text;
}

std::optional<uint64_t> Machine::units() {
    const auto number = [this](const char* key) {
        const std::string value = text(key);
        return value.empty() ? uint64_t{0} : std::stoull(value);
    };
    const uint64_t ones = number("c");
    const uint64_t twos = number("a");
    if (twos != number("b")) return std::nullopt;
    if (ones != twos && ones != twos + 1) return std::nullopt;
    const Answer list = world_.send("reader", {"LRANGE", "l", "0", "-1"});
    if (list.reply.parts.size() != twos) return std::nullopt;
    for (uint64_t i = 0; i < twos; ++i) {
        if (list.reply.parts[i].text != std::to_string(i + 1)) return std::nullopt;
    }
    return ones + twos;
}

std::optional<uint64_t> Machine::units_of(const std::string& rdb) {
    SimDisk disk(Image{.folders = {}, .files = {{kRdbName, rdb}}});
    Machine machine(disk, {});
    if (!machine.persistence_.load().ok()) return std::nullopt;
    return machine.units();
}

// --- writing ---

bool Machine::write_unit() {
    const std::string number = std::to_string(written() / 2 + 1);
    Answer answer;
    if (written() % 2 == 0) {
        answer = world_.send("client", {"SET", "c", number});
    } else {
        (void)world_.send("client", {"MULTI"});
        (void)world_.send("client", {"SET", "a", number});
        (void)world_.send("client", {"SET", "b", number});
        (void)world_.send("client", {"RPUSH", "l", number});
        answer = world_.send("client", {"EXEC"});
    }
    world_.effects.clear();
    if (answer.reply.is_error()) return false;
    marks_.push_back(log_.mark());
    return true;
}

// The engine's clock is its own.
void Machine::catch_up() {
    const int64_t now_ms = disk_.schedule.now_ms();
    world_.advance(now_ms - std::exchange(world_ms_, now_ms));
}

void Machine::attend(int64_t milliseconds) {
    disk_.schedule.rest(milliseconds * 1000);
    catch_up();
    (void)persistence_.attend(0);
    (void)log_.attend(0);
}

void Machine::settle() {
    for (int i = 0; i < kLooksMax && !is_dead(); ++i) {
        (void)log_.attend(0);
        const observe::AofCounters counters = log_.counters();
        const bool is_taken = counters.bytes_buffered == 0 || counters.last_write_failed;
        if (is_taken && (gate_ == nullptr || acknowledged() == written())) return;
        attend(1);
    }
}

uint64_t Machine::units_up_to(uint64_t offset, uint64_t& known) const {
    while (known < written() && marks_[known - first_] <= offset) ++known;
    return known;
}

uint64_t Machine::acknowledged() {
    return units_up_to(gate_ == nullptr ? UINT64_MAX : gate_->released(), acknowledged_);
}

uint64_t Machine::synced() {
    return units_up_to(log_.synced(), synced_);
}

Status Machine::set_enabled(bool enabled) {
    TRY(log_.set_enabled(enabled));
    is_enabled_ = enabled;
    return done();
}

void Machine::end() {
    log_.end();
    handle_.kill();
}

bool Machine::is_saving() {
    return world_.engine().server().snapshots.saving_in_background;
}

bool Machine::last_save_failed() {
    return world_.engine().server().snapshots.last_save_failed;
}

}  // namespace millrace::torture
