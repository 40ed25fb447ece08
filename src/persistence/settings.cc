// SPDX-License-Identifier: BSD-3-Clause
#include "persistence/settings.h"

#include <fmt/format.h>

#include <limits>

#include "base/numbers.h"
#include "config/checks.h"

namespace millrace::persistence {
namespace {

using namespace config;  // The kinds and flags of settings.

constexpr int64_t kIntMin = std::numeric_limits<int32_t>::min();
constexpr int64_t kIntMax = std::numeric_limits<int32_t>::max();
constexpr uint64_t kUint63Max = std::numeric_limits<int64_t>::max();

constexpr Choice<AppendFsync> kAppendFsync[] = {
    {"everysec", AppendFsync::EverySecond},
    {"always", AppendFsync::Always},
    {"no", AppendFsync::No},
};

constexpr Choice<RdbVersionCheck> kRdbVersionCheck[] = {
    {"strict", RdbVersionCheck::Strict},
    {"relaxed", RdbVersionCheck::Relaxed},
};

constexpr ErrorText kInvalidSave{"Invalid save parameters"};

using SavePoints = std::vector<SavePoint>;

Result<SavePoint> parse_save_point(std::string_view seconds, std::string_view changes) {
    const auto first = parse_unsigned_lenient(seconds);
    const auto second = parse_unsigned_lenient(changes);
    if (!first || *first < 1 || *first > kUint63Max) return kInvalidSave;
    if (!second || *second > static_cast<uint64_t>(kIntMax)) return kInvalidSave;
    return SavePoint{static_cast<int64_t>(*first), static_cast<int64_t>(*second)};
}

// In the file the first line replaces the default and the next ones add to it; a command replaces.
Result<SavePoints> parse_save(Words words, const ParseContext<SavePoints>& context) {
    SavePoints points;
    if (words.empty() || (words.size() == 1 && words[0].empty())) return points;
    if (words.size() % 2 != 0) return kInvalidSave;
    if (context.source == Source::File && context.seen) points = context.current;
    for (size_t i = 0; i < words.size(); i += 2) {
        points.push_back(TRY(parse_save_point(words[i], words[i + 1])));
    }
    return points;
}

std::string print_save(const SavePoints& points) {
    std::string text;
    for (const SavePoint& point : points) {
        if (!text.empty()) text += ' ';
        text += fmt::format("{} {}", point.seconds, point.changes);
    }
    return text;
}

void register_rdb(Registry& registry, RdbSettings& rdb) {
    registry.add_text("dbfilename", rdb.dbfilename,
                      {.flags = kProtected, .validate = not_a_path("dbfilename", "filename")});
    registry.add_custom<SavePoints>(
        "save", rdb.save,
        {.parse = parse_save, .print = print_save, .flags = kMultiArgument | kAccumulates});
    registry.add_bool("rdbcompression", rdb.rdbcompression);
    registry.add_bool("rdbchecksum", rdb.rdbchecksum, {.flags = kImmutable});
    registry.add_bool("rdb-del-sync-files", rdb.rdb_del_sync_files);
    registry.add_bool("rdb-save-incremental-fsync", rdb.rdb_save_incremental_fsync);
    registry.add_enum("rdb-version-check", rdb.rdb_version_check, kRdbVersionCheck);
    registry.add_bool("stop-writes-on-bgsave-error", rdb.stop_writes_on_bgsave_error);
    registry.add_integer("rdb-key-save-delay", rdb.rdb_key_save_delay,
                         {.min = kIntMin, .max = kIntMax, .flags = kHidden});
    registry.add_integer("key-load-delay", rdb.key_load_delay,
                         {.min = kIntMin, .max = kIntMax, .flags = kHidden});
    registry.add_integer("loading-process-events-interval-bytes",
                         rdb.loading_process_events_interval_bytes,
                         {.min = 1024, .max = kIntMax, .flags = kHidden});
}

void register_aof(Registry& registry, AofSettings& aof) {
    registry.add_bool("appendonly", aof.appendonly, {.flags = kDenyLoading});
    registry.add_text("appendfilename", aof.appendfilename,
                      {.flags = kImmutable, .validate = not_a_path("appendfilename", "filename")});
    registry.add_text("appenddirname", aof.appenddirname,
                      {.flags = kImmutable, .validate = not_a_path("appenddirname", "dirname")});
    registry.add_enum("appendfsync", aof.appendfsync, kAppendFsync);
    registry.add_bool("no-appendfsync-on-rewrite", aof.no_appendfsync_on_rewrite);
    registry.add_integer("auto-aof-rewrite-percentage", aof.auto_aof_rewrite_percentage,
                         {.min = 0, .max = kIntMax});
    registry.add_unsigned("auto-aof-rewrite-min-size", aof.auto_aof_rewrite_min_size,
                          {.max = kUint63Max, .unit = Unit::Memory});
    registry.add_bool("aof-load-truncated", aof.aof_load_truncated);
    registry.add_bool("aof-use-rdb-preamble", aof.aof_use_rdb_preamble);
    registry.add_bool("aof-timestamp-enabled", aof.aof_timestamp_enabled);
    registry.add_bool("aof-rewrite-incremental-fsync", aof.aof_rewrite_incremental_fsync);
    registry.add_bool("aof-disable-auto-gc", aof.aof_disable_auto_gc, {.flags = kHidden});
    registry.add_bool("aof-reply-after-write", aof.aof_reply_after_write);
    registry.add_bool("aof-checksum-annotations", aof.aof_checksum_annotations);
}

}  // namespace

void register_settings(Registry& registry, Settings& settings) {
    register_rdb(registry, settings.rdb);
    register_aof(registry, settings.aof);
}

}  // namespace millrace::persistence
