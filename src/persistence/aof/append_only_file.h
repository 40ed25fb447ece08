// SPDX-License-Identifier: BSD-3-Clause
//
// The append-only file: every change of the data, as commands, in files that a restart replays.
//
//     effects ─► LogEncoder ─► LogWriter (its thread) ─► incremental file ─► fsync (slow lane)
//                                                  base file ◄─ snapshot ─┘ from time to time
//
// Replies wait for the log (engine::ReplyGate): with `appendfsync always` until what they may tell
// of is on disk, with `everysec` until it is written. The main thread never waits for a disk, but
// when the server starts and ends and for DEBUG.
//
//     Off ──CONFIG SET appendonly yes──► Starting ──first base is complete──► On
//
// While Starting, what changes behind the cut of the first base goes to a temporary file.
//
// Owner:   the server.
// Threads: main thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/append_log.h"
#include "engine/engine.h"
#include "keyspace/settings.h"
#include "persistence/aof/base_target.h"
#include "persistence/aof/files.h"
#include "persistence/aof/log_encoder.h"
#include "persistence/aof/log_writer.h"
#include "persistence/aof/rewrite_pace.h"
#include "persistence/aof/slow_lane.h"
#include "persistence/disk.h"
#include "persistence/load_progress.h"
#include "persistence/settings.h"
#include "persistence/snapshot/service.h"
#include "persistence/write_refusals.h"
#include "threads/crew.h"

namespace millrace::persistence::aof {

class Replay;

class AppendOnlyFile final : public engine::AppendLog,
                             public engine::ReplyGate,
                             private engine::EffectSink {
public:
    struct Parts {
        engine::Engine& engine;
        const Settings& settings;
        const keyspace::Settings& keyspace_settings;
        WriteRefusals& refusals;
        Disk& disk;
        snapshot::SnapshotService& snapshots;
        std::function<void()> wake;                       // Ends the turn's waiting.
        std::function<void()> die;                        // Does not return.
        std::function<void(engine::ReplyGate*)> set_gate;  // Null: replies leave at once.
        // Writes the whole dataset, now.
        std::function<Status(rdb::ByteSink&)> write_dataset;
        // Loads the RDB file that `bytes` begin with; how long it is.
        std::function<Result<size_t>(std::string_view bytes, LoadProgress& progress)> load_preamble;
        std::function<void()> clear_libraries;
        std::function<LoadProgress::Rules()> loading_rules;
        // That so many more bytes of the log are on disk is noted: after a death no more than that
        // is written again.
        uint64_t noted_every = uint64_t{64} << 20;
        const threads::Crew& crew = threads::Crew::system();
    };

    explicit AppendOnlyFile(Parts parts);
    ~AppendOnlyFile() override;

    // --- the server's life ---

    // Loads what is on disk, then logs to it.
    Status start();
    // Between two turns: hands over what is not on its way yet, and attends to what has come.
    // Returns how long the turn may sleep: `wait_us`, or less.
    int64_t attend(int64_t wait_us);
    // Settings have changed.
    void configure();
    // An error, and nothing has changed, if the disk refuses the files at once.
    Status set_enabled(bool enabled);
    // A shutdown: whether it may be; and the last thing that is done.
    Status prepare_to_end(bool force);
    void end();

    // --- engine::AppendLog ---

    // What lies before this place in the log survives a power cut.
    uint64_t synced() const { return writer_.synced(); }
    bool enabled() const override { return state_ != State::Off; }
    observe::AofCounters counters() override {
        show_counters();
        return counters_;
    }
    bool is_local_copy(const engine::Session& session) const override;
    void await(engine::Session& session) override;
    Result<std::string_view> rewrite() override;
    Status reload() override;
    void set_write_delay_us(int64_t delay) override { writer_.set_delay_us(delay); }

    // --- engine::ReplyGate ---

    uint64_t mark() override { return encoder_.offset(); }
    uint64_t released() override;
    void hand_over() override;

private:
    enum class State : uint8_t { Off, Starting, On };

    // A rewrite under way.
    struct Rewrite {
        enum class Phase : uint8_t { Idle, Preparing, Snapshot, Installing };
        Phase phase = Phase::Idle;
        State state = State::Off;  // Of the log when it began.
        bool abandoned = false;
        bool rdb = true;
        std::shared_ptr<LogFile> next_file;
        std::string temporary;
        FileEntry increment;
        std::string first_increment;  // What it is called in the end, if it began without a name.
        uint64_t cut = 0;
        uint64_t bytes_before_cut = 0;  // What the writer had written then.
        int64_t began_ms = 0;
    };

    // The incremental file that is written.
    struct CurrentFile {
        std::string name;
        uint64_t begin = 0;  // The offset of the log from which on it is written,
        uint64_t bytes = 0;  // behind so many bytes.
        std::optional<uint64_t> noted = {};  // How much of it a note says to be on disk.
    };

    void on_unit(std::span<const engine::Effect> effects) override;
    const AofSettings& settings() const { return parts_.settings.aof; }
    int64_t now_ms() const { return parts_.engine.now_ms(); }

    // Loading and starting.
    Status load_files();
    Status load_file(const FileEntry& file, bool last, LoadProgress& progress, Replay& replay);
    Status open_files(const Status& kept);
    Status replace_loaded();
    Status write_first_base();

    int64_t timestamp() const {
        return settings().aof_timestamp_enabled ? now_ms() / 1000 : 0;
    }

    // Work in the slow lane; `then` runs on the main thread.
    void in_lane(std::function<Status()> work, std::function<void(const Status&)> then);
    bool run_news();

    // Rewriting; see rewriting.cc.
    void begin_rewrite();
    void prepared(const Status& status);
    void ask_for_snapshot();
    void at_cut();
    void snapshot_ended(const Status& status);
    void install();
    void installed(const Status& status);
    void rewrite_failed(const Status& status);
    void rewrite_over(bool failed);
    void drop_history();
    void consider_rewriting();
    bool disk_is_free() const;

    void tick();
    void watch_writer();
    void note_synced();
    void show_counters();
    void settle_gate();
    void settle_refusal();
    void wake_waiting();
    void stop_logging();
    Status try_disk();

    Parts parts_;
    Files files_;
    CurrentFile file_;
    State state_ = State::Off;
    LogEncoder encoder_;
    bool listening_ = false;  // To effects.
    ByteBuffer spare_;
    uint64_t handed_over_ = 0;
    uint64_t forced_ = 0;  // Up to here replies leave, written or not.
    uint64_t stalled_at_ = 0;
    int64_t stalled_since_ms_ = 0;
    static constexpr uint64_t kNothingServed = UINT64_MAX;
    uint64_t served_synced_ = 0;
    int64_t next_tick_ms_ = 0;
    int refused_for_ = 0;
    Rewrite rewrite_;
    RewritePace pace_;
    bool scheduled_ = false;
    uint64_t bytes_at_start_ = 0;  // Of the files, when writer_.bytes_written() was counted_from_.
    uint64_t counted_from_ = 0;
    std::vector<std::pair<engine::ClientSlot, uint32_t>> waiting_;  // In WAITAOF.
    // Where the log ended after a client's last change; by slot.
    struct LastChange {
        uint32_t generation = 0;
        uint64_t offset = 0;
    };
    std::vector<LastChange> last_changes_;
    observe::AofCounters counters_;

    std::mutex news_mutex_;  // For the next one.
    std::vector<std::function<void()>> news_;
    std::atomic<bool> has_news_{false};

    // Syncs of the log have a lane of their own, since what they promise is a time.
    SlowLane lane_{"aof_files", parts_.crew};
    SlowLane sync_lane_{"aof_sync", parts_.crew};
    LogWriter writer_;
};

}  // namespace millrace::persistence::aof
