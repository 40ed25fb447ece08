// SPDX-License-Identifier: BSD-3-Clause
//
// The dataset on disk: saves it, now or in the background, loads it when the server starts, and
// reloads it for DEBUG.
//
// Owner:   the server.
// Threads: main thread, which does nothing else meanwhile, but for saving in the background.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <functional>
#include <utility>

#include "engine/append_log.h"
#include "engine/engine.h"
#include "engine/services.h"
#include "keyspace/settings.h"
#include "persistence/background_save.h"
#include "persistence/disk.h"
#include "persistence/load_progress.h"
#include "persistence/rdb/dataset_reader.h"
#include "persistence/settings.h"
#include "persistence/snapshot/snapshots.h"
#include "persistence/write_refusals.h"
#include "threads/crew.h"

namespace millrace::persistence {

class Persistence final : public engine::PersistenceControl, public engine::AppendLogHolder {
public:
    // `cpu_list`: where the snapshot thread runs; empty: anywhere.
    Persistence(engine::Engine& engine, const Settings& settings,
                const keyspace::Settings& keyspace_settings, std::string cpu_list, Disk& disk,
                const threads::Crew& crew = threads::Crew::system());

    // Without it, files hold no functions.
    void set_libraries(rdb::LibraryStore libraries) { libraries_ = std::move(libraries); }

    // Loads the file, if there is one, into databases that are empty. The error is for the log.
    Status load();
    // Runs each time that clients are served while something is loaded.
    void set_attend_loading(std::function<void()> attend) { attend_loading_ = std::move(attend); }
    LoadProgress::Rules loading_rules() {
        return {.marks = loading_,
                .interval_bytes = settings_.rdb.loading_process_events_interval_bytes,
                .attend = attend_loading_};
    }
    // The RDB file that `bytes` begin with, as part of something larger; how long it is.
    Result<size_t> load_preamble(std::string_view bytes, LoadProgress& progress);
    // The whole dataset, now, as the base of an AOF.
    Status write_base(rdb::ByteSink& sink);

    // Between two turns: goes on with what is done in the background. Returns how long the turn may
    // sleep: `wait_us`, or less.
    int64_t attend(int64_t wait_us);
    // The server ends: nothing more is written in the background.
    void stop() { background_.give_up(); }
    Status save_at_end();
    // What save_at_end() has written so far. Async-signal-safe.
    void remove_temporary_file() const;
    // A setting of RDB files has changed.
    void settings_changed() { background_.settle_refusal(); }
    snapshot::SnapshotService& snapshots() { return snapshots_; }
    void stop_snapshots() { snapshots_.stop(); }
    WriteRefusals& refusals() { return refusals_; }
    void set_append_log(engine::AppendLog* log) { append_log_ = log; }
    engine::AppendLog* append_log() override { return append_log_; }
    const observe::LoadingMarks& loading() const override { return loading_; }

    Status save() override;
    Result<std::string_view> save_in_background(bool may_wait) override {
        return background_.start(may_wait);
    }
    Result<std::string_view> cancel_background_save() override { return background_.cancel(); }
    void flushed_all() override;
    Status reload(const engine::ReloadRequest& request) override;
    std::string_view write_refusal() const override { return refusals_.text(); }
    bool compresses() const override { return settings_.rdb.rdbcompression; }
    bool takes_foreign_versions() const override {
        return settings_.rdb.rdb_version_check == RdbVersionCheck::Relaxed;
    }

private:
    Status write_file();
    Status save_now();
    void show_progress();
    // Loads `bytes`; everything that is there goes as soon as they look right, if asked.
    Status load_bytes(std::string_view bytes, bool flush, bool replaces);
    struct Loading {
        bool flush = false;
        bool replaces = false;
        bool keeps_expired = false;  // Commands follow that may still find them.
    };
    Result<size_t> load_as(std::string_view bytes, const Loading& how, LoadProgress& progress);
    void report(const rdb::LoadCounts& counts);
    rdb::UseMarks use_marks() const;
    const rdb::LibraryStore* libraries() const { return libraries_.load ? &libraries_ : nullptr; }

    engine::Engine& engine_;
    const Settings& settings_;
    const keyspace::Settings& keyspace_settings_;
    Disk& disk_;
    rdb::LibraryStore libraries_;
    std::function<void()> attend_loading_;
    snapshot::Snapshots snapshots_;
    WriteRefusals refusals_{engine_};
    BackgroundSave background_;
    const std::string temporary_file_;  // Of saves on the main thread.
    engine::AppendLog* append_log_ = nullptr;
    observe::LoadingMarks loading_;
    int64_t next_check_ms_ = 0;
    uint64_t commands_seen_ = 0;
};

}  // namespace millrace::persistence
