// SPDX-License-Identifier: BSD-3-Clause
#include "persistence/persistence.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "base/log.h"
#include "engine/memory_limit.h"
#include "persistence/rdb/file.h"

namespace millrace::persistence {
namespace {

constexpr ErrorText kCannotSave{"ERR"};  // Compat: there is nothing behind it.
constexpr ErrorText kSaveInProgress{"ERR Background save already in progress"};

// How often save points are looked at.
constexpr int64_t kCheckPeriodMs = 100;
constexpr ErrorText kCannotReload{"ERR Error trying to load the RDB dump, check server logs."};
constexpr ErrorText kCannotLoad{"Fatal error loading the DB, check server logs. Exiting."};

}  // namespace

Persistence::Persistence(engine::Engine& engine, const Settings& settings,
                         const keyspace::Settings& keyspace_settings, std::string cpu_list,
                         Disk& disk, const threads::Crew& crew)
    : engine_(engine),
      settings_(settings),
      keyspace_settings_(keyspace_settings),
      disk_(disk),
      snapshots_(engine.keyspace(), settings.rdb, std::move(cpu_list),
                 [this] {
                     return snapshot::CutFacts{.now_seconds = engine_.now_ms() / 1000,
                                               .use_marks = use_marks(),
                                               .libraries = libraries()};
                 },
                 crew),
      background_(engine, settings.rdb, snapshots_, refusals_, disk),
      temporary_file_(rdb::FileSink::temporary_name(::getpid())) {}

rdb::UseMarks Persistence::use_marks() const {
    switch (keyspace_settings_.maxmemory_policy) {
        case keyspace::MaxmemoryPolicy::VolatileLru:
        case keyspace::MaxmemoryPolicy::AllkeysLru:
            return rdb::UseMarks::Idle;
        case keyspace::MaxmemoryPolicy::VolatileLfu:
        case keyspace::MaxmemoryPolicy::AllkeysLfu:
            return rdb::UseMarks::Frequency;
        default:
            return rdb::UseMarks::None;
    }
}

// --- saving ---

Status Persistence::write_file() {
    rdb::FileSink sink(disk_, settings_.rdb.rdb_save_incremental_fsync);
    TRY(sink.open(::getpid()));
    rdb::Writer writer(
        sink, {.compress = settings_.rdb.rdbcompression, .checksum = settings_.rdb.rdbchecksum});
    TRY(rdb::write_dataset(writer, engine_.keyspace(),
                           {.now_seconds = engine_.now_ms() / 1000,
                            .use_marks = use_marks(),
                            .libraries = libraries(),
                            .key_delay_us = settings_.rdb.rdb_key_save_delay}));
    return sink.put_in_place(settings_.rdb.dbfilename);
}

Status Persistence::write_base(rdb::ByteSink& sink) {
    rdb::Writer writer(
        sink, {.compress = settings_.rdb.rdbcompression, .checksum = settings_.rdb.rdbchecksum});
    return rdb::write_dataset(writer, engine_.keyspace(),
                              {.now_seconds = engine_.now_ms() / 1000,
                               .use_marks = use_marks(),
                               .is_aof_base = true,
                               .libraries = libraries()});
}

Status Persistence::save() {
    if (background_.in_progress()) return kSaveInProgress;
    ++engine_.server().snapshots.saved;
    return save_now();
}

Status Persistence::save_now() {
    const Status written = write_file();
    if (!written.ok()) {
        log_warning("{}", written.error().text());
        return kCannotSave;
    }
    background_.saved(engine_.counters().dirty);
    background_.settle_refusal();
    log_notice("DB saved on disk");
    return done();
}

Status Persistence::save_at_end() {
    background_.give_up();
    return save_now();
}

void Persistence::remove_temporary_file() const {
    (void)::unlink(temporary_file_.c_str());
}

void Persistence::flushed_all() {
    background_.give_up();
    // Compat: what has been emptied does not come back after a restart.
    if (!settings_.rdb.save.empty()) (void)save_now();
}

int64_t Persistence::attend(int64_t wait_us) {
    const int64_t now_ms = engine_.now_ms();
    if (now_ms >= next_check_ms_) [[unlikely]] {
        next_check_ms_ = now_ms + kCheckPeriodMs;
        background_.check();
    }
    if (!snapshots_.is_active()) [[likely]]
        return wait_us;
    const uint64_t commands = engine_.counters().commands_processed;
    const bool is_idle = commands == std::exchange(commands_seen_, commands);
    engine_.begin_batch();  // The cut has the time of its own moment.
    wait_us = snapshots_.attend(wait_us, is_idle);
    show_progress();
    return wait_us;
}

void Persistence::show_progress() {
    observe::SnapshotCounters& counters = engine_.server().snapshots;
    const snapshot::Progress progress = snapshots_.progress();
    counters.taken = progress.taken;
    counters.keys_processed = progress.keys_written;
    counters.keys_total = progress.keys_total;
    counters.cow_bytes = progress.running ? progress.held_bytes : 0;
    counters.cow_bytes_highest = progress.running ? progress.held_bytes_highest : 0;
    engine_.memory_limit().uncounted().snapshot_buffers = progress.buffer_bytes;
    counters.last_cow_bytes = progress.held_bytes_highest;
}

// --- loading ---

void Persistence::report(const rdb::LoadCounts& counts) {
    observe::SnapshotCounters& counters = engine_.server().snapshots;
    counters.last_load_keys_loaded = counts.loaded;
    counters.last_load_keys_expired = counts.expired;
    std::string text = fmt::format("Done loading RDB, keys loaded: {}, keys expired: {}",
                                   counts.loaded, counts.expired);
    if (counts.hashes_expired != 0) {
        text += fmt::format(", all fields expired hashes: {}", counts.hashes_expired);
    }
    if (counts.empty != 0) text += fmt::format(", empty keys skipped: {}", counts.empty);
    log_notice("{}.", text);
}

Status Persistence::load_bytes(std::string_view bytes, bool flush, bool replaces) {
    LoadProgress progress(engine_, loading_rules(), bytes.size());
    (void)TRY(load_as(bytes, {.flush = flush, .replaces = replaces}, progress));
    return done();
}

Result<size_t> Persistence::load_preamble(std::string_view bytes, LoadProgress& progress) {
    return load_as(bytes, {.keeps_expired = true}, progress);
}

Result<size_t> Persistence::load_as(std::string_view bytes, const Loading& how,
                                    LoadProgress& progress) {
    keyspace::Keyspace& keyspace = engine_.keyspace();
    const bool verify =
        settings_.rdb.rdbchecksum && !engine_.debug_switches().skip_checksum_validation;
    rdb::DatasetReader reader(keyspace,
                              {.is_relaxed = takes_foreign_versions(),
                               .verify_checksum = verify,
                               .drops_expired = !keyspace.keeps_expired() && !how.keeps_expired,
                               .replaces = how.replaces,
                               .use_marks = use_marks(),
                               .libraries = libraries(),
                               .key_delay_us = settings_.rdb.key_load_delay,
                               .on_progress = [&progress](size_t at) { progress.at(at); }},
                              bytes);
    TRY(reader.check_header());
    if (how.flush) {
        log_notice("RDB signature and version check passed. Flushing old data");
        for (int db = 0; db < keyspace.database_count(); ++db) keyspace.flush(db);
        if (libraries_.clear) libraries_.clear();
    }
    const Status loaded = reader.load();
    if (!loaded.ok()) return Error(std::string(loaded.error().text()), loaded.error().code());
    report(reader.counts());
    return reader.offset();
}

Status Persistence::load() {
    const Result<std::unique_ptr<FileBytes>> file = disk_.map(settings_.rdb.dbfilename);
    if (!file.ok()) {
        if (file.error().code() == ENOENT) return done();
        log_warning("{}", file.error().text());
        return kCannotLoad;
    }
    engine_.begin_batch();
    const int64_t begin_ns = engine_.time().monotonic_nanoseconds();
    const Status loaded = load_bytes((*file)->bytes(), false, false);
    if (!loaded.ok()) {
        log_warning("{}", loaded.error().text());
        if (loaded.error().code() == rdb::DatasetReader::kDamaged)
            log_warning("Terminating server after rdb file reading failure.");
        return kCannotLoad;
    }
    const int64_t taken_ns = engine_.time().monotonic_nanoseconds() - begin_ns;
    log_notice("DB loaded from disk: {:.3f} seconds", static_cast<double>(taken_ns) / 1e9);
    return done();
}

Status Persistence::reload(const engine::ReloadRequest& request) {
    if (request.save) TRY(save_now());
    const Result<std::unique_ptr<FileBytes>> file = disk_.map(settings_.rdb.dbfilename);
    const Status loaded = file.ok()
                              ? load_bytes((*file)->bytes(), request.flush, request.merge)
                              : Error(std::string(file.error().text()), file.error().code());
    if (loaded.ok()) {
        log_notice("DB reloaded by DEBUG RELOAD");
        return done();
    }
    log_warning("{}", loaded.error().text());
    return kCannotReload;
}

}  // namespace millrace::persistence
