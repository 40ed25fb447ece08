// SPDX-License-Identifier: BSD-3-Clause
#include "persistence/background_save.h"

#include <cerrno>
#include <memory>
#include <utility>

#include "base/log.h"
#include "persistence/snapshot/file_target.h"

namespace millrace::persistence {
namespace {

constexpr const char* kWriteRefusal =
    "MISCONF Valkey is configured to save RDB snapshots, but it's currently unable to persist to "
    "disk. Commands that may modify the data set are disabled, because this instance is configured "
    "to report errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error "
    "option). "
    "Please check the Valkey logs for details about the RDB error.";

// After a failure the save points rest for so long.
constexpr int64_t kRetrySeconds = 5;

constexpr ErrorText kInProgress{"ERR Background save already in progress"};
constexpr ErrorText kOtherInProgress{
    "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in "
    "order to schedule a BGSAVE whenever possible."};
constexpr ErrorText kNothingToCancel{
    "ERR Background saving is currently not in progress or scheduled"};

}  // namespace

// --- commands ---

Result<std::string_view> BackgroundSave::start(bool may_wait) {
    if (in_progress()) return kInProgress;
    // Replicas get their snapshots from the same service, one after the other.
    const bool in_transaction = engine_.is_nested();
    if (snapshots_.is_busy(snapshot::Purpose::AofBase) || in_transaction) {
        if (!may_wait && !in_transaction) return kOtherInProgress;
        scheduled_ = true;
        return std::string_view("Background saving scheduled");
    }
    begin();
    return std::string_view("Background saving started");
}

Result<std::string_view> BackgroundSave::cancel() {
    if (in_progress()) {
        log_notice("Background saving will be aborted, as a client asked for it");
        snapshots_.cancel(snapshot::Purpose::File);
        return std::string_view("Background saving cancelled");
    }
    if (!std::exchange(scheduled_, false)) return kNothingToCancel;
    log_notice("Scheduled background saving is cancelled, as a client asked for it");
    return std::string_view("Scheduled background saving cancelled");
}

void BackgroundSave::give_up() {
    if (in_progress()) snapshots_.cancel(snapshot::Purpose::File);
}

// --- from time to time ---

bool BackgroundSave::may_try_again(int64_t now_seconds) const {
    return !engine_.server().snapshots.last_save_failed ||
           now_seconds - tried_at_seconds_ > kRetrySeconds;
}

void BackgroundSave::check() {
    if (in_progress() || snapshots_.is_busy(snapshot::Purpose::AofBase)) return;
    const int64_t now = now_seconds();
    if (!may_try_again(now)) return;
    const observe::SnapshotCounters& counters = engine_.server().snapshots;
    const uint64_t changes = engine_.counters().dirty - counters.dirty_at_last_save;
    for (const SavePoint& point : settings_.save) {
        if (changes < static_cast<uint64_t>(point.changes)) continue;
        if (now - counters.last_save_unix_seconds <= point.seconds) continue;
        log_notice("{} changes in {} seconds. Saving...", point.changes, point.seconds);
        begin();
        return;
    }
    if (std::exchange(scheduled_, false)) begin();
}

// --- one save ---

void BackgroundSave::begin() {
    observe::SnapshotCounters& counters = engine_.server().snapshots;
    tried_at_seconds_ = now_seconds();
    counters.saving_in_background = true;
    counters.background_since_seconds = tried_at_seconds_;
    ++counters.saved;
    // Compat: tests and tools wait for these words.
    log_notice("Background saving started by the snapshot thread");
    snapshots_.request({.purpose = snapshot::Purpose::File,
                        .target = std::make_unique<snapshot::FileTarget>(
                            disk_, settings_.dbfilename, settings_.rdb_save_incremental_fsync),
                        .at_cut = [this] { dirty_at_cut_ = engine_.counters().dirty; },
                        .ended = [this](const Status& status) { end(status); }});
}

void BackgroundSave::end(const Status& status) {
    observe::SnapshotCounters& counters = engine_.server().snapshots;
    const int64_t now = now_seconds();
    counters.saving_in_background = false;
    counters.last_background_seconds = now - std::exchange(counters.background_since_seconds, -1);
    if (status.ok()) {
        log_notice("DB saved on disk");
        log_notice("Background saving terminated with success");
        saved(dirty_at_cut_);
    } else if (status.error().code() == ECANCELED) {
        log_warning("Background saving given up");
    } else {
        log_warning("{}", status.error().text());
        log_warning("Background saving error");
        counters.last_save_failed = true;
    }
    settle_refusal();
}

void BackgroundSave::saved(uint64_t dirty) {
    observe::SnapshotCounters& counters = engine_.server().snapshots;
    counters.last_save_failed = false;
    counters.last_save_unix_seconds = now_seconds();
    counters.dirty_at_last_save = dirty;
}

void BackgroundSave::settle_refusal() {
    const bool refuses = settings_.stop_writes_on_bgsave_error && !settings_.save.empty() &&
                         engine_.server().snapshots.last_save_failed;
    refusals_.set(WriteRefusals::Reason::Snapshot, refuses ? kWriteRefusal : "");
}

}  // namespace millrace::persistence
