// SPDX-License-Identifier: BSD-3-Clause
//
// What happens to the append-only file when the server starts: its files are found and loaded, and
// logging goes on behind them.
#include <fmt/format.h>

#include <cerrno>

#include "base/log.h"
#include "persistence/aof/append_only_file.h"
#include "persistence/aof/replay.h"

namespace millrace::persistence::aof {

using keyspace::Keyspace;

namespace {

// What has been replayed was counted when clients sent it.
void forget_statistics(engine::Engine& engine) {
    engine::EngineCounters& counters = engine.counters();
    counters.commands_processed = 0;
    counters.error_replies = 0;
    counters.errors_by_prefix.clear();
    engine.keyspace().counters() = {};
    engine::CommandRegistry& commands = engine.commands();
    for (uint32_t id = 0; id < commands.size(); ++id) commands.by_id(id).statistics() = {};
}

}  // namespace

Status AppendOnlyFile::start() {
    // Also of a log that is off: one that is begun later must not take names that are in use.
    TRY(files_.find());
    if (!settings().appendonly) return done();
    TRY(files_.adopt_old_file());
    // Before it is read: what is loaded is to be what is on disk.
    const Status kept = files_.write_again();
    const int64_t begin_ns = parts_.engine.time().monotonic_nanoseconds();
    TRY(load_files());
    forget_statistics(parts_.engine);
    if (!files_.manifest.empty()) {
        const int64_t taken_ns = parts_.engine.time().monotonic_nanoseconds() - begin_ns;
        log_notice("DB loaded from append only file: {:.3f} seconds",
                   static_cast<double>(taken_ns) / 1e9);
    }
    configure();
    TRY(open_files(kept));
    state_ = State::On;
    stalled_since_ms_ = now_ms();  // Nothing waits for the disk yet.
    listening_ = true;
    parts_.engine.effects().add_sink(this);
    configure();
    show_counters();
    return done();
}

// --- loading ---

Status AppendOnlyFile::load_file(const FileEntry& file, bool last, LoadProgress& progress,
                                 Replay& replay) {
    const int64_t begin_ns = parts_.engine.time().monotonic_nanoseconds();
    const Result<std::unique_ptr<FileBytes>> mapped = parts_.disk.map(files_.path(file.name));
    if (!mapped.ok()) {
        return Error(fmt::format("Fatal error: can't open the append log file {} for reading: {}",
                                 file.name, mapped.error().text()));
    }
    const std::string_view bytes = (*mapped)->bytes();
    Result<Replay::End> ended = replay.run(file.name, bytes);
    if (!ended.ok()) return Error(std::string(ended.error().text()));
    progress.end_file(bytes.size());
    if (*ended == Replay::End::CutOff) {
        if (!last || !settings().aof_load_truncated) {
            return Error(fmt::format(
                "Unexpected end of file reading the append only file {}. You can: 1) Make a "
                "backup of your AOF file, then use millrace-check-aof --fix "
                "<filename.manifest>. 2) Alternatively you can set the 'aof-load-truncated' "
                "configuration option to yes and restart the server.{}",
                file.name, last ? "" : " It is not the last file."));
        }
        log_warning("!!! Warning: short read while loading the AOF file {}!!!", file.name);
        log_warning("AOF {} loaded anyway because aof-load-truncated is enabled", file.name);
        log_warning("Truncating the AOF {} at offset {}", file.name, replay.sound());
        const std::unique_ptr<LogFile> tail =
            TRY(parts_.disk.open(files_.path(file.name), false));
        TRY(files_.forget_synced());  // It may say more than what is left.
        TRY(tail->cut(replay.sound()));
        TRY(tail->sync());
    }
    const int64_t taken_ns = parts_.engine.time().monotonic_nanoseconds() - begin_ns;
    log_notice("DB loaded from {} file {}: {:.3f} seconds",
               files_.manifest.base == file ? "base" : "incr", file.name,
               static_cast<double>(taken_ns) / 1e9);
    return done();
}

Status AppendOnlyFile::load_files() {
    const std::vector<FileEntry> files = files_.to_load();
    if (files.empty()) return done();
    const uint64_t total = TRY(files_.total_bytes());
    // The log may end before the last file: a rewrite makes and names the next one first.
    const size_t first_increment = files_.manifest.base ? 1 : 0;
    size_t last = files.size() - 1;
    while (last > first_increment &&
           TRY(parts_.disk.size_of(files_.path(files[last].name))) == 0) {
        --last;
    }
    engine::Engine& engine = parts_.engine;
    engine.begin_batch();
    {
        LoadProgress progress(engine, parts_.loading_rules(), total);
        Replay replay(engine, parts_.load_preamble, progress);
        for (size_t i = 0; i < files.size(); ++i) {
            TRY(load_file(files[i], i >= last, progress, replay));
        }
    }
    engine.begin_batch();
    return done();
}

Status AppendOnlyFile::reload() {
    engine::Engine& engine = parts_.engine;
    const bool listened = listening_;
    if (state_ == State::On) {
        hand_over();
        writer_.flush(true);
    }
    if (std::exchange(listening_, false)) engine.effects().remove_sink(this);
    lane_.drain();
    Keyspace& keyspace = engine.keyspace();
    engine.databases_flushed(0, keyspace.database_count());
    for (int db = 0; db < keyspace.database_count(); ++db) keyspace.flush(db);
    if (parts_.clear_libraries) parts_.clear_libraries();
    Status loaded = files_.find();
    if (loaded.ok()) loaded = files_.adopt_old_file();
    if (loaded.ok()) loaded = load_files();
    if (listened) {
        engine.effects().add_sink(this);
        listening_ = true;
        encoder_.begin_file();
    }
    if (!loaded.ok()) {
        log_warning("{}", loaded.error().text());
        return ErrorText{"ERR Error trying to load the AOF files, check server logs."};
    }
    engine.server().snapshots.dirty_at_last_save = engine.counters().dirty;
    log_notice("Append Only File loaded by DEBUG LOADAOF");
    return done();
}

// --- opening ---

Status AppendOnlyFile::write_first_base() {
    const bool rdb = settings().aof_use_rdb_preamble;
    const FileEntry base = files_.manifest.new_base(files_.name(), rdb);
    log_notice("Creating AOF base file {} on server start", base.name);
    const std::string temporary = files_.path("temp-" + base.name);
    {
        BaseTarget target(parts_.disk, temporary,
                          {.rdb = rdb,
                           .sync_often = false,
                           .unix_seconds = timestamp(),
                           .encodings = parts_.keyspace_settings.encodings,
                           .seed = parts_.engine.keyspace().seed()});
        TRY(target.open());
        TRY(parts_.write_dataset(target));
        TRY(target.finish());
    }
    TRY(files_.install(temporary, base.name));
    files_.manifest.base = base;
    return done();
}

// What has been loaded cannot be brought to disk: a new base takes its place.
Status AppendOnlyFile::replace_loaded() {
    Manifest next = files_.manifest;
    const FileEntry increment = next.new_increment(files_.name());
    TRY(write_first_base());
    next.replace_base(*files_.manifest.base, 0);
    next.increments.push_back(increment);
    files_.manifest = std::move(next);
    return done();
}

Status AppendOnlyFile::open_files(const Status& kept) {
    Manifest& manifest = files_.manifest;
    TRY(files_.make_folder());
    if (!kept.ok()) {
        log_warning("The AOF cannot be synced ({}): a new base takes its place",
                    kept.error().text());
        TRY(replace_loaded());
    } else {
        TRY(parts_.disk.sync_folder(files_.folder()));
    }
    if (manifest.empty()) TRY(write_first_base());
    const bool is_first = manifest.increments.empty();
    const bool fresh = is_first || !kept.ok();
    if (is_first) manifest.increments.push_back(manifest.new_increment(files_.name()));
    const FileEntry& last = manifest.increments.back();
    log_notice("{} AOF incr file {} on server start", fresh ? "Creating" : "Opening", last.name);
    std::unique_ptr<LogFile> file = TRY(
        fresh ? files_.make(last.name) : parts_.disk.open(files_.path(last.name), false));
    if (fresh) TRY(files_.persist_with_new(manifest));
    const uint64_t bytes = TRY(parts_.disk.size_of(files_.path(last.name)));
    // An older note may say more than what is there.
    if (!files_.note_synced({last.name, bytes}).ok()) TRY(files_.forget_synced());
    file_ = {.name = last.name, .begin = encoder_.offset(), .bytes = bytes, .noted = bytes};
    bytes_at_start_ = TRY(files_.total_bytes());
    counted_from_ = writer_.bytes_written();
    // Compat: growth is measured against the base alone until there has been a rewrite.
    counters_.bytes_base = 0;
    if (manifest.base) {
        counters_.bytes_base = TRY(parts_.disk.size_of(files_.path(manifest.base->name)));
    }
    encoder_.begin_file();
    writer_.change_file(std::move(file), bytes);
    drop_history();
    return done();
}

}  // namespace millrace::persistence::aof
