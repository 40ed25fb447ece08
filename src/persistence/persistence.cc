// SPDX-License-Identifier: BSD-3-Clause
#include "persistence/persistence.h"

#include <fmt/format.h>

#include <cerrno>
#include <string>

#include "base/log.h"
#include "persistence/rdb/file.h"

namespace millrace::persistence {
namespace {

constexpr ErrorText kCannotSave{"ERR"};  // Compat: there is nothing behind it.
constexpr ErrorText kCannotReload{"ERR Error trying to load the RDB dump, check server logs."};
constexpr ErrorText kCannotLoad{"Fatal error loading the DB, check server logs. Exiting."};

}  // namespace

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
    rdb::FileSink sink(settings_.rdb.rdb_save_incremental_fsync);
    TRY(sink.open());
    rdb::Writer writer(sink, {.compress = settings_.rdb.rdbcompression,
                              .checksum = settings_.rdb.rdbchecksum});
    TRY(rdb::write_dataset(writer, engine_.keyspace(),
                           {.now_seconds = engine_.now_ms() / 1000,
                            .use_marks = use_marks(),
                            .key_delay_us = settings_.rdb.rdb_key_save_delay}));
    return sink.put_in_place(settings_.rdb.dbfilename);
}

Status Persistence::save() {
    observe::SnapshotCounters& counters = engine_.server().snapshots;
    const Status written = write_file();
    counters.last_save_failed = !written.ok();
    if (!written.ok()) {
        log_warning("{}", written.error().text());
        return kCannotSave;
    }
    ++counters.saved;
    counters.last_save_unix_seconds = engine_.time().wall_microseconds() / 1000000;
    counters.dirty_at_last_save = engine_.counters().dirty;
    log_notice("DB saved on disk");
    return done();
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
    keyspace::Keyspace& keyspace = engine_.keyspace();
    const bool verify =
        settings_.rdb.rdbchecksum && !engine_.debug_switches().skip_checksum_validation;
    rdb::DatasetReader reader(keyspace,
                              {.is_relaxed = takes_foreign_versions(),
                               .verify_checksum = verify,
                               .drops_expired = !keyspace.keeps_expired(),
                               .replaces = replaces,
                               .use_marks = use_marks(),
                               .key_delay_us = settings_.rdb.key_load_delay},
                              bytes);
    TRY(reader.check_header());
    if (flush) {
        log_notice("RDB signature and version check passed. Flushing old data");
        for (int db = 0; db < keyspace.database_count(); ++db) keyspace.flush(db);
    }
    engine_.set_condition(engine::kLoadingData, true);
    const Status loaded = reader.load();
    engine_.set_condition(engine::kLoadingData, false);
    if (!loaded.ok()) return Error(std::string(loaded.error().text()));
    report(reader.counts());
    return done();
}

Status Persistence::load() {
    rdb::MappedFile file;
    const Status opened = file.open(settings_.rdb.dbfilename);
    if (!opened.ok()) {
        if (opened.error().code() == ENOENT) return done();
        log_warning("{}", opened.error().text());
        return kCannotLoad;
    }
    engine_.begin_batch();
    const int64_t begin_ns = engine_.time().monotonic_nanoseconds();
    const Status loaded = load_bytes(file.bytes(), false, false);
    if (!loaded.ok()) {
        log_warning("{}", loaded.error().text());
        return kCannotLoad;
    }
    const int64_t taken_ns = engine_.time().monotonic_nanoseconds() - begin_ns;
    log_notice("DB loaded from disk: {:.3f} seconds", static_cast<double>(taken_ns) / 1e9);
    return done();
}

Status Persistence::reload(const engine::ReloadRequest& request) {
    if (request.save) TRY(save());
    rdb::MappedFile file;
    const Status opened = file.open(settings_.rdb.dbfilename);
    const Status loaded = opened.ok()
                              ? load_bytes(file.bytes(), request.flush, request.merge)
                              : Error(std::string(opened.error().text()), opened.error().code());
    if (loaded.ok()) {
        log_warning("DB reloaded by DEBUG RELOAD");
        return done();
    }
    log_warning("{}", loaded.error().text());
    return kCannotReload;
}

}  // namespace millrace::persistence
