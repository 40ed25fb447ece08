// SPDX-License-Identifier: BSD-3-Clause
//
// Logging, and what clients notice of it. Loading is in starting.cc, base files in rewriting.cc.
#include "persistence/aof/append_only_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <optional>

#include "base/log.h"
#include "engine/memory_limit.h"

namespace millrace::persistence::aof {
namespace {

constexpr int64_t kTickMs = 100;
// Compat: replies wait no longer than this for a disk that is busy with a sync.
constexpr int64_t kStallMs = 2000;
constexpr int64_t kAnswerWaitedMs = 250;
constexpr ErrorText kNotEnabled{
    "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled."};

}  // namespace

AppendOnlyFile::AppendOnlyFile(Parts parts)
    : parts_(std::move(parts)),
      files_(parts_.disk, parts_.settings.aof),
      writer_({.lane = sync_lane_,
               .wake =
                   [this] {
                       has_news_.store(true, std::memory_order_release);
                       parts_.wake();
                   },
               .die = parts_.die,
               .crew = parts_.crew}) {}

AppendOnlyFile::~AppendOnlyFile() {
    if (listening_) parts_.engine.effects().remove_sink(this);
    lane_.drain();  // Some of its jobs look at the writer, which goes before it.
}

// --- logging ---

void AppendOnlyFile::on_unit(std::span<const engine::Effect> effects) {
    if (!encoder_.add(effects, now_ms() / 1000)) return;
    const engine::Session* session = parts_.engine.running();
    if (session == nullptr || session->id() == 0) return;
    if (session->slot() >= last_changes_.size()) last_changes_.resize(session->slot() + size_t{1});
    last_changes_[session->slot()] = {session->generation(), encoder_.offset()};
}

void AppendOnlyFile::hand_over() {
    if (encoder_.bytes().empty()) return;
    handed_over_ = encoder_.offset();
    spare_ = writer_.append(encoder_.take(std::move(spare_)), handed_over_);
}

uint64_t AppendOnlyFile::released() {
    // While writes are refused, replies have nothing to wait for.
    if (refused_for_ != 0) return UINT64_MAX;
    const bool always = settings().appendfsync == AppendFsync::Always;
    return std::max(always ? writer_.synced() : writer_.written(), forced_);
}

// Replies wait only for a log that is complete.
void AppendOnlyFile::settle_gate() {
    const AppendFsync policy = settings().appendfsync;
    const bool waits = policy == AppendFsync::Always ||
                       (policy == AppendFsync::EverySecond && settings().aof_reply_after_write);
    parts_.set_gate(state_ == State::On && waits ? this : nullptr);
    // As long as the log is not complete nobody has been promised anything.
    const bool promised = policy != AppendFsync::Always || state_ == State::On;
    writer_.set_policy(promised ? policy : AppendFsync::EverySecond);
}

void AppendOnlyFile::configure() {
    writer_.set_checksums(settings().aof_checksum_annotations);
    encoder_.set_timestamps(settings().aof_timestamp_enabled);
    settle_gate();
    settle_refusal();
    if (!settings().aof_disable_auto_gc && state_ == State::On) drop_history();
}

// --- news from other threads ---

void AppendOnlyFile::in_lane(std::function<Status()> work,
                             std::function<void(const Status&)> then) {
    lane_.run([this, work = std::move(work), then = std::move(then)] {
        auto status = std::make_shared<Status>(work());
        {
            const std::lock_guard lock(news_mutex_);
            news_.push_back([then, status] { then(*status); });
        }
        has_news_.store(true, std::memory_order_release);
        parts_.wake();
    });
}

bool AppendOnlyFile::run_news() {
    std::vector<std::function<void()>> news;
    {
        const std::lock_guard lock(news_mutex_);
        std::swap(news, news_);
    }
    for (const auto& each : news) each();
    return !news.empty();
}

int64_t AppendOnlyFile::attend(int64_t wait_us) {
    hand_over();
    if (has_news_.load(std::memory_order_relaxed)) [[unlikely]] {
        has_news_.store(false, std::memory_order_seq_cst);
        run_news();
        wake_waiting();
        settle_refusal();
    }
    if (now_ms() >= next_tick_ms_) [[unlikely]] {
        next_tick_ms_ = now_ms() + kTickMs;
        tick();
    }
    return wait_us;
}

void AppendOnlyFile::tick() {
    if (state_ == State::Off && rewrite_.phase == Rewrite::Phase::Idle && !scheduled_) {
        stalled_since_ms_ = now_ms();
        show_counters();
        return;
    }
    watch_writer();
    note_synced();
    const bool busy = rewrite_.phase != Rewrite::Phase::Idle || !disk_is_free();
    writer_.set_syncs_held(settings().no_appendfsync_on_rewrite && busy);
    consider_rewriting();
    show_counters();
}

// A disk that does not take what it is given: after a while replies leave all the same.
void AppendOnlyFile::watch_writer() {
    const uint64_t written = writer_.written();
    if (written >= handed_over_ || written != stalled_at_) {
        stalled_at_ = written;
        stalled_since_ms_ = now_ms();
        return;
    }
    if (settings().appendfsync == AppendFsync::Always) return;
    if (now_ms() - stalled_since_ms_ < kStallMs) return;
    stalled_since_ms_ = now_ms();
    forced_ = handed_over_;
    ++counters_.syncs_delayed;
    log_notice(
        "Asynchronous AOF fsync is taking too long (disk is busy?). Replies leave without waiting "
        "for the AOF; this may lose them if the server is killed now.");
}

// Of annotations that the writer adds nothing is known here: rather less is noted than is true.
void AppendOnlyFile::note_synced() {
    const uint64_t synced = writer_.synced();
    if (state_ != State::On || synced < file_.begin) return;
    const uint64_t bytes = file_.bytes + (synced - file_.begin);
    if (file_.noted && bytes < *file_.noted + parts_.noted_every) return;
    file_.noted = bytes;
    in_lane([this, place = Files::Place{file_.name, bytes}] { return files_.note_synced(place); },
            [](const Status& status) {
                if (status.ok()) return;
                log_warning("Could not note what of the AOF is on disk: {}", status.error().text());
            });
}

void AppendOnlyFile::show_counters() {
    observe::AofCounters& shown = counters_;
    shown.enabled = enabled();
    shown.rewrite_in_progress = rewrite_.phase != Rewrite::Phase::Idle;
    shown.rewrite_scheduled = scheduled_;
    shown.rewrite_failures_in_a_row = pace_.failures();
    shown.last_write_failed = writer_.write_error() != 0 || writer_.sync_error() != 0;
    shown.sync_pending = writer_.sync_is_running();
    shown.bytes = bytes_at_start_ + writer_.bytes_written() - counted_from_;
    shown.bytes_buffered = encoder_.offset() - std::min(writer_.written(), encoder_.offset());
    // What waits for a disk evicts no keys.
    parts_.engine.memory_limit().uncounted().aof_buffer = shown.bytes_buffered;
}

// What cannot be logged is refused; with `always` the server does not get here.
void AppendOnlyFile::settle_refusal() {
    int code = 0;
    if (state_ == State::On && settings().appendfsync != AppendFsync::Always) {
        code = writer_.write_error() != 0 ? writer_.write_error() : writer_.sync_error();
    }
    if (code == refused_for_) return;
    refused_for_ = code;
    std::string error;
    if (code != 0) {
        error = fmt::format("MISCONF Errors writing to the AOF file: {}", std::strerror(code));
    }
    parts_.refusals.set(WriteRefusals::Reason::AppendLog, std::move(error));
}

// --- WAITAOF ---

bool AppendOnlyFile::is_local_copy(const engine::Session& session) const {
    if (state_ != State::On) return false;
    if (session.slot() >= last_changes_.size()) return true;
    const LastChange& last = last_changes_[session.slot()];
    return last.generation != session.generation() || writer_.synced() >= last.offset;
}

void AppendOnlyFile::await(engine::Session& session) {
    const std::pair waiting{session.slot(), session.generation()};
    if (std::find(waiting_.begin(), waiting_.end(), waiting) != waiting_.end()) return;
    waiting_.push_back(waiting);
}

void AppendOnlyFile::wake_waiting() {
    const uint64_t synced = writer_.synced();
    if (waiting_.empty() || (synced == served_synced_ && state_ == State::On)) return;
    served_synced_ = synced;
    const auto waiting = std::exchange(waiting_, {});
    for (const auto& [slot, generation] : waiting) {
        engine::Session* session = parts_.engine.sessions().find(slot, generation);
        if (session == nullptr || !session->is(engine::kBlocked)) continue;
        if (state_ == State::Off) {
            parts_.engine.blocking().fail(*session, kNotEnabled.text);
        } else {
            // It looks again, and comes back if it has to wait on.
            parts_.engine.blocking().key_changed(engine::kAppendLogKey, session->database);
            waiting_.emplace_back(slot, generation);
        }
    }
    if (parts_.engine.blocking().has_ready()) parts_.engine.blocking().serve();
}

// --- on and off ---

// Whether the disk takes files; it is not waited for if it does not answer.
Status AppendOnlyFile::try_disk() {
    struct Answer {
        std::mutex mutex;
        std::condition_variable come;
        std::optional<Status> status;
    };
    auto answer = std::make_shared<Answer>();
    lane_.run([answer, files = Files(files_)] {
        Status status = files.try_disk();
        const std::lock_guard lock(answer->mutex);
        answer->status = std::move(status);
        answer->come.notify_one();
    });
    std::unique_lock lock(answer->mutex);
    parts_.crew.wait(answer->come, lock, kAnswerWaitedMs,
                     [&] { return answer->status.has_value(); });
    if (!answer->status || answer->status->ok()) return done();
    log_warning("The AOF cannot be switched on: {}", answer->status->error().text());
    return ErrorText{"Unable to turn on AOF. Check server logs."};
}

Status AppendOnlyFile::set_enabled(bool enabled) {
    if (enabled == this->enabled()) return done();
    if (enabled) TRY(try_disk());
    if (enabled) {
        state_ = State::Starting;
        served_synced_ = 0;
        if (rewrite_.phase == Rewrite::Phase::Idle && disk_is_free()) {
            begin_rewrite();
        } else {
            log_notice(
                "AOF is on, but something else is written in the background. An AOF background "
                "was scheduled to start when that has ended.");
            scheduled_ = true;
            rewrite_.abandoned = rewrite_.phase != Rewrite::Phase::Idle;
            if (rewrite_.abandoned) parts_.snapshots.cancel(snapshot::Purpose::AofBase);
        }
    } else {
        stop_logging();
        state_ = State::Off;
        scheduled_ = false;
        if (rewrite_.phase != Rewrite::Phase::Idle) {
            // Compat: the words are what tests look for.
            log_notice("Killing the running AOF rewrite, which has no child process");
            rewrite_.abandoned = true;
            parts_.snapshots.cancel(snapshot::Purpose::AofBase);
        }
        wake_waiting();
    }
    settle_gate();
    settle_refusal();
    show_counters();
    return done();
}

// What has been logged goes to the disk; the file is closed.
void AppendOnlyFile::stop_logging() {
    if (!std::exchange(listening_, false)) return;
    parts_.engine.effects().remove_sink(this);
    hand_over();
    writer_.change_file(nullptr, 0);
}

Status AppendOnlyFile::prepare_to_end(bool force) {
    if (state_ != State::Starting) return done();
    if (!force) {
        log_warning("Writing initial AOF, can't exit.");
        return Error("ERR Errors trying to SHUTDOWN. Check logs.");
    }
    log_warning("Writing initial AOF. Exiting anyway.");
    return done();
}

void AppendOnlyFile::end() {
    if (state_ != State::On) return;
    log_notice("Calling fsync() on the AOF file.");
    hand_over();
    writer_.flush(true);
    if (writer_.synced() < encoder_.offset()) return;
    lane_.drain();  // Of older notes.
    const Result<uint64_t> bytes = parts_.disk.size_of(files_.path(file_.name));
    if (bytes.ok()) (void)files_.note_synced({file_.name, *bytes});
}

}  // namespace millrace::persistence::aof
