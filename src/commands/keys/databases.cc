// SPDX-License-Identifier: BSD-3-Clause
//
// DBSIZE, FLUSHDB, FLUSHALL, SWAPDB: whole databases.

#include <cstdint>
#include <utility>

#include "base/numbers.h"
#include "engine/command.h"

namespace millrace::commands::keys::databases {
namespace {

using namespace engine;

Status dbsize(Call& call);
Status flushdb(Call& call);
Status flushall(Call& call);
Status swapdb(Call& call);

constexpr std::string_view kDbsizeTips[] = {"request_policy:all_shards", "response_policy:agg_sum"};
constexpr Arg kFlushdbFlushTypeArgs[] = {
    {.name = "async", .type = ArgType::PureToken, .token = "ASYNC", .since = "4.0.0"},
    {.name = "sync", .type = ArgType::PureToken, .token = "SYNC", .since = "6.2.0"},
};
constexpr Arg kFlushdbArgs[] = {
    {.name = "flush-type",
     .type = ArgType::OneOf,
     .flags = kOptional,
     .children = kFlushdbFlushTypeArgs},
};
constexpr std::string_view kFlushdbTips[] = {
    "request_policy:all_shards",
    "response_policy:all_succeeded",
};
constexpr HistoryEntry kFlushdbHistory[] = {
    {"4.0.0", "New option `ASYNC`."},
    {"6.2.0", "New option `SYNC`."},
};
constexpr Arg kSwapdbArgs[] = {{"index1", ArgType::Integer}, {"index2", ArgType::Integer}};

void find_swapped(std::span<const std::string_view>, std::vector<size_t>& found) {
    found.insert(found.end(), {1, 2});
}

constexpr CommandSpec kCommands[] = {
    {.name = "DBSIZE",
     .summary = "Counts the keys of the database.",
     .since = "1.0.0",
     .group = Group::Server,
     .complexity = "O(1)",
     .arity = 1,
     .flags = kReadOnly | kFast,
     .acl = kAclKeyspace,
     .tips = kDbsizeTips,
     .run = dbsize},
    {.name = "FLUSHDB",
     .summary = "Deletes all keys of the database.",
     .since = "1.0.0",
     .group = Group::Server,
     .complexity = "O(N), N being the keys of the database",
     .arity = -1,
     .flags = kWrite,
     .acl = kAclDangerous | kAclKeyspace,
     .args = kFlushdbArgs,
     .tips = kFlushdbTips,
     .history = kFlushdbHistory,
     .run = flushdb},
    {.name = "FLUSHALL",
     .summary = "Deletes all keys of all databases.",
     .since = "1.0.0",
     .group = Group::Server,
     .complexity = "O(N), N being the keys of all databases",
     .arity = -1,
     .flags = kWrite | kAllDbs,
     .acl = kAclDangerous | kAclKeyspace,
     .args = kFlushdbArgs,
     .tips = kFlushdbTips,
     .history = kFlushdbHistory,
     .run = flushall},
    {.name = "SWAPDB",
     .summary = "Swaps the contents of two databases.",
     .since = "4.0.0",
     .group = Group::Server,
     .complexity = "O(N), N being the clients that watch or wait for keys of either database.",
     .arity = 3,
     .flags = kWrite | kFast,
     .acl = kAclDangerous | kAclKeyspace,
     .args = kSwapdbArgs,
     .find_databases = find_swapped,
     .run = swapdb},
};

constexpr ErrorText kInvalidFirst{"ERR invalid first DB index"};
constexpr ErrorText kInvalidSecond{"ERR invalid second DB index"};

Status dbsize(Call& call) {
    call.reply().integer(static_cast<int64_t>(call.database().size()));
    return done();
}

enum class Freeing : uint8_t { Now, Later };

Result<Freeing> parse_freeing(const Call& call) {
    if (call.count() > 2) return errors::kSyntax;
    if (call.count() == 1) {
        return call.settings().lazyfree_user_flush ? Freeing::Later : Freeing::Now;
    }
    if (call.arg_is(1, "SYNC")) return Freeing::Now;
    if (call.arg_is(1, "ASYNC")) return Freeing::Later;
    return errors::kSyntax;
}

void flush(Call& call, int db) {
    call.engine().mark_dirty(call.keyspace().database(db).size());
    call.keyspace().flush(db);
}

void finish_flush(Call& call, Freeing freeing) {
    constexpr size_t kSegmentsAtOnce = 1024;
    if (freeing == Freeing::Now) {
        while (call.keyspace().drain_condemned(kSegmentsAtOnce)) {
        }
    }
    // Compat: propagated even where there was nothing to delete.
    call.propagate_as(call.arguments());
    call.reply().ok();
}

Status flushdb(Call& call) {
    const Freeing freeing = TRY(parse_freeing(call));
    call.engine().databases_flushed(call.db(), call.db() + 1);
    flush(call, call.db());
    finish_flush(call, freeing);
    return done();
}

Status flushall(Call& call) {
    const Freeing freeing = TRY(parse_freeing(call));
    call.engine().databases_flushed(0, call.keyspace().database_count());
    for (int db = 0; db < call.keyspace().database_count(); ++db) flush(call, db);
    if (PersistenceControl* persistence = call.engine().persistence()) persistence->flushed_all();
    finish_flush(call, freeing);
    return done();
}

Result<int> index_argument(const Call& call, size_t at, ErrorText error) {
    const auto number = parse_integer(call.arg(at));
    if (!number || *number < INT32_MIN || *number > INT32_MAX) return error;
    return static_cast<int>(*number);
}

Status swapdb(Call& call) {
    const int first = TRY(index_argument(call, 1, kInvalidFirst));
    const int second = TRY(index_argument(call, 2, kInvalidSecond));
    for (const int db : {first, second}) {
        if (db < 0 || db >= call.keyspace().database_count()) return errors::kDatabaseOutOfRange;
    }
    if (first != second) {
        call.engine().databases_swapped(first, second);
        call.keyspace().swap_databases(first, second);
    }
    call.engine().mark_dirty();
    call.reply().ok();
    return done();
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::keys::databases
