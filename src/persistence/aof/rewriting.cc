// SPDX-License-Identifier: BSD-3-Clause
//
// A new base file for the log, in three steps, none of which the main thread waits for:
//
//     prepare    the next incremental file is made and named in the manifest, empty
//     snapshot   at its cut the log changes to that file; the base is written to a temporary one
//     install    the base gets its name, the manifest names it, what it replaces is history
//
// Wherever that stops, the manifest on disk names files that make up everything that was logged.
// When a manifest has got its name, but that is not sure to be on disk, the rewrite has failed; all
// the same it is what is gone on from, so that none of the names in it is given a second time.
#include <fmt/format.h>

#include <unistd.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "base/log.h"
#include "persistence/aof/append_only_file.h"

namespace millrace::persistence::aof {

namespace {

constexpr ErrorText kAlreadyInProgress{
    "ERR Background append only file rewriting already in progress"};

}  // namespace

bool AppendOnlyFile::disk_is_free() const {
    return !parts_.snapshots.is_busy(snapshot::Purpose::File) &&
           !parts_.snapshots.is_busy(snapshot::Purpose::Replica);
}

Result<std::string_view> AppendOnlyFile::rewrite() {
    if (rewrite_.phase != Rewrite::Phase::Idle && !rewrite_.abandoned) return kAlreadyInProgress;
    if (rewrite_.phase != Rewrite::Phase::Idle || !disk_is_free()) {
        scheduled_ = true;
        show_counters();
        return std::string_view("Background append only file rewriting scheduled");
    }
    begin_rewrite();
    return std::string_view("Background append only file rewriting started");
}

// --- prepare ---

void AppendOnlyFile::begin_rewrite() {
    scheduled_ = false;
    rewrite_ = {.phase = Rewrite::Phase::Preparing,
                .state = state_,
                .rdb = settings().aof_use_rdb_preamble,
                .temporary = fmt::format("temp-rewriteaof-bg-{}.aof", ::getpid()),
                .began_ms = now_ms()};
    counters_.rewrite_began_unix_seconds = now_ms() / 1000;
    ++counters_.rewrites;
    log_notice("Background append only file rewriting started by the snapshot thread");
    show_counters();
    Manifest next = files_.manifest;
    const bool listed = state_ == State::On;
    if (listed) {
        rewrite_.increment = next.new_increment(files_.name());
        next.increments.push_back(rewrite_.increment);
        log_notice("Creating AOF incr file {} on background rewrite", rewrite_.increment.name);
    } else if (state_ == State::Starting) {
        rewrite_.increment = {fmt::format("temp-{}.incr", files_.name()), 0};
    }
    auto opened = std::make_shared<std::shared_ptr<LogFile>>();
    auto is_found = std::make_shared<bool>(false);
    auto work = [this, next, listed, name = rewrite_.increment.name, opened,
                 is_found]() -> Status {
        TRY(files_.make_folder());
        if (name.empty()) return done();
        *opened = TRY(files_.make(name));
        if (!listed) return done();
        Status persisted = files_.persist_with_new(next);
        *is_found = persisted.ok() || files_.may_be_found(next);
        return persisted;
    };
    in_lane(std::move(work), [this, next, is_found, opened](const Status& status) {
        if (*is_found) files_.manifest = next;
        rewrite_.next_file = std::move(*opened);
        prepared(status);
    });
}

void AppendOnlyFile::prepared(const Status& status) {
    if (!status.ok() || rewrite_.abandoned) return rewrite_failed(status);
    ask_for_snapshot();
}

// --- snapshot ---

void AppendOnlyFile::ask_for_snapshot() {
    rewrite_.phase = Rewrite::Phase::Snapshot;
    auto target = std::make_unique<BaseTarget>(
        parts_.disk, rewrite_.temporary,
        BaseTarget::Form{.rdb = rewrite_.rdb,
                         .sync_often = settings().aof_rewrite_incremental_fsync,
                         .unix_seconds = timestamp(),
                         .encodings = parts_.keyspace_settings.encodings,
                         .seed = parts_.engine.keyspace().seed()});
    parts_.snapshots.request({.purpose = snapshot::Purpose::AofBase,
                              .target = std::move(target),
                              .at_cut = [this] { at_cut(); },
                              .ended = [this](const Status& ended) { snapshot_ended(ended); }});
}

void AppendOnlyFile::at_cut() {
    hand_over();
    rewrite_.cut = encoder_.offset();
    if (rewrite_.abandoned || rewrite_.next_file == nullptr) return;
    encoder_.begin_file();
    writer_.change_file(std::exchange(rewrite_.next_file, nullptr), 0);
    file_ = {.name = rewrite_.increment.name, .begin = rewrite_.cut};
    if (state_ == State::Starting && !std::exchange(listening_, true)) {
        parts_.engine.effects().add_sink(this);
    }
}

void AppendOnlyFile::snapshot_ended(const Status& status) {
    if (!status.ok() || rewrite_.abandoned) return rewrite_failed(status);
    install();
}

// --- install ---

void AppendOnlyFile::install() {
    rewrite_.phase = Rewrite::Phase::Installing;
    Manifest next = files_.manifest;
    const FileEntry base = next.new_base(files_.name(), rewrite_.rdb);
    std::string& first_increment = rewrite_.first_increment;
    if (rewrite_.state == State::Starting) {
        const FileEntry increment = next.new_increment(files_.name());
        first_increment = increment.name;
        next.replace_base(base, 0);
        next.increments.push_back(increment);
    } else {
        next.replace_base(base, rewrite_.state == State::On ? 1 : 0);
    }
    const bool drops_history = !settings().aof_disable_auto_gc;
    // What a restart finds in the end, if that is another one.
    auto found = std::make_shared<std::optional<Manifest>>();
    auto work = [this, next, base, first_increment = first_increment, drops_history, found,
                 from = rewrite_.temporary, increment = rewrite_.increment.name]() -> Status {
        TRY(files_.install(from, base.name));
        if (!first_increment.empty()) {
            TRY(files_.install(files_.path(increment), first_increment));
        }
        Status persisted = files_.persist(next);
        if (!persisted.ok() && !files_.may_be_found(next)) {
            (void)parts_.disk.remove(files_.path(base.name));
            return persisted;
        }
        *found = next;
        if (!persisted.ok()) return persisted;
        if (!drops_history) return done();
        // Compat: a rewrite is over when its history is gone. If that fails, it goes later.
        Manifest last = next;
        last.history.clear();
        if (files_.persist(last).ok()) {
            files_.remove(next.history);
            *found = std::move(last);
        }
        return done();
    };
    in_lane(std::move(work), [this, found](const Status& status) {
        if (*found) files_.manifest = std::move(**found);
        installed(status);
    });
}

void AppendOnlyFile::installed(const Status& status) {
    if (!status.ok()) return rewrite_failed(status);
    if (rewrite_.state != State::Off) writer_.base_holds(rewrite_.cut);
    if (rewrite_.state == State::Starting && rewrite_.abandoned) {
        // Switched off meanwhile; the files are complete all the same.
    } else if (rewrite_.state == State::Starting) {
        state_ = State::On;
        file_.name = rewrite_.first_increment;
        // Those whose changes were synced before may have looked at it too early.
        served_synced_ = kNothingServed;
    }
    log_notice("Background AOF rewrite finished successfully");
    rewrite_over(false);
    drop_history();
    // How long the files are is asked where that may take its time.
    struct Count {
        uint64_t bytes = 0;
        uint64_t written = 0;
    };
    auto count = std::make_shared<Count>();
    in_lane(
        [this, count, files = Files(files_)]() -> Status {
            count->bytes = TRY(files.total_bytes());
            count->written = writer_.bytes_written();
            return done();
        },
        [this, count](const Status& counted) {
            if (!counted.ok()) return;
            bytes_at_start_ = count->bytes;
            counted_from_ = count->written;
            counters_.bytes_base = count->bytes;
            show_counters();
        });
}

void AppendOnlyFile::rewrite_failed(const Status& status) {
    const bool cancelled =
        rewrite_.abandoned || (!status.ok() && status.error().code() == ECANCELED);
    if (cancelled) {
        log_warning("Background AOF rewrite was given up");
    } else {
        log_warning("Background AOF rewrite failed: {}", status.error().text());
    }
    if (rewrite_.state == State::Starting) {
        // Nothing on disk belongs to what would follow.
        stop_logging();
        log_notice("Removing the temp incr aof file {} in the background", rewrite_.increment.name);
        const std::string path = files_.path(rewrite_.increment.name);
        in_lane([this, path] { return parts_.disk.remove(path); }, [](const Status&) {});
        if (state_ == State::Starting) scheduled_ = true;
    }
    in_lane([this, name = rewrite_.temporary] { return parts_.disk.remove(name); },
            [](const Status&) {});
    const bool abandoned = rewrite_.abandoned;
    rewrite_over(true);
    // Whoever has asked for another one, and looks whether it is over, sees no gap between the two.
    if (abandoned && scheduled_ && disk_is_free()) begin_rewrite();
}

void AppendOnlyFile::rewrite_over(bool failed) {
    observe::AofCounters& shown = counters_;
    shown.last_rewrite_failed = failed;
    shown.last_rewrite_seconds = (now_ms() - rewrite_.began_ms) / 1000;
    shown.rewrite_began_unix_seconds = -1;
    if (failed && !rewrite_.abandoned) {
        pace_.failed();
    } else if (!failed) {
        pace_.succeeded();
    }
    rewrite_ = {};
    forced_ = 0;
    settle_gate();
    settle_refusal();
    wake_waiting();
    show_counters();
}

// --- history ---

void AppendOnlyFile::drop_history() {
    Manifest& manifest = files_.manifest;
    if (manifest.history.empty() || settings().aof_disable_auto_gc) return;
    const std::vector<FileEntry> history = std::exchange(manifest.history, {});
    in_lane(
        [this, history, next = manifest]() -> Status {
            TRY(files_.persist(next));
            files_.remove(history);
            return done();
        },
        [this, history](const Status& status) {
            if (status.ok()) return;
            log_warning("Could not delete AOF history: {}", status.error().text());
            std::vector<FileEntry>& now = files_.manifest.history;
            now.insert(now.end(), history.begin(), history.end());
        });
}

// --- when ---

void AppendOnlyFile::consider_rewriting() {
    if (rewrite_.phase != Rewrite::Phase::Idle || !disk_is_free()) return;
    const auto must_wait = [this] {
        return pace_.must_wait(now_ms(), [](int64_t minutes) {
            log_warning(
                "Background AOF rewrite has repeatedly failed and triggered the limit, will retry "
                "in {} minutes",
                minutes);
        });
    };
    if (scheduled_) {
        if (must_wait()) return;
        return begin_rewrite();
    }
    if (state_ != State::On) return;
    if (writer_.sync_error() != 0) {
        if (must_wait()) return;
        log_notice("Starting a rewrite of the AOF, since a sync has failed");
        return begin_rewrite();
    }
    const auto percentage = static_cast<uint64_t>(settings().auto_aof_rewrite_percentage);
    const uint64_t bytes = bytes_at_start_ + writer_.bytes_written() - counted_from_;
    if (percentage == 0 || bytes <= settings().auto_aof_rewrite_min_size) return;
    const uint64_t base = std::max<uint64_t>(counters_.bytes_base, 1);
    const uint64_t growth = bytes * 100 / base;
    if (growth < 100 + percentage || must_wait()) return;
    log_notice("Starting automatic rewriting of AOF on {}% growth", growth - 100);
    begin_rewrite();
}

}  // namespace millrace::persistence::aof
