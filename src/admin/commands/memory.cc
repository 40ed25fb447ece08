// SPDX-License-Identifier: BSD-3-Clause
//
// MEMORY: where the memory is, key by key or altogether.

#include <fmt/format.h>

#include <string>

#include "admin/key_report.h"
#include "admin/memory_overview.h"
#include "admin/memory_report.h"
#include "engine/command.h"
#include "engine/help.h"
#include "engine/hot_keys.h"
#include "keyspace/entry_builder.h"

namespace millrace::admin::commands::memory {
namespace {

using namespace engine;

Status doctor(Call& call);
Status help(Call& call);
Status malloc_stats(Call& call);
Status purge(Call& call);
Status stats(Call& call);
Status usage(Call& call);

constexpr std::string_view kDoctorTips[] = {"nondeterministic_output", "request_policy:all_shards",
                                            "response_policy:special"};
constexpr std::string_view kPurgeTips[] = {"request_policy:all_shards",
                                           "response_policy:all_succeeded"};
constexpr KeySpec kUsageKeys[] = {{.first = 2, .flags = kRO}};
constexpr Arg kUsageArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "count", .type = ArgType::Integer, .token = "SAMPLES", .flags = kOptional},
};

constexpr CommandSpec kSubcommands[] = {
    {.name = "DOCTOR",
     .summary = "Explains in words whether memory is used well.",
     .since = "4.0.0",
     .group = Group::Server,
     .complexity = "O(1)",
     .arity = 2,
     .tips = kDoctorTips,
     .run = doctor},
    {.name = "HELP",
     .summary = "Describes the subcommands.",
     .since = "4.0.0",
     .group = Group::Server,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kLoading | kStale,
     .run = help},
    {.name = "MALLOC-STATS",
     .summary = "Shows what the allocator says about itself.",
     .since = "4.0.0",
     .group = Group::Server,
     .complexity = "Depends on how much memory is allocated, could be slow",
     .arity = 2,
     .flags = kLoading,
     .tips = kDoctorTips,
     .run = malloc_stats},
    {.name = "PURGE",
     .summary = "Gives unused memory back to the system.",
     .since = "4.0.0",
     .group = Group::Server,
     .complexity = "Depends on how much memory is allocated, could be slow",
     .arity = 2,
     .flags = kLoading,
     .tips = kPurgeTips,
     .run = purge},
    {.name = "STATS",
     .summary = "Shows what the memory is used for.",
     .since = "4.0.0",
     .group = Group::Server,
     .complexity = "O(1)",
     .arity = 2,
     .tips = kDoctorTips,
     .run = stats},
    {.name = "USAGE",
     .summary = "Estimates the bytes that a key takes.",
     .since = "4.0.0",
     .group = Group::Server,
     .complexity = "O(N) where N is the number of samples",
     .arity = -3,
     .flags = kReadOnly,
     .keys = kUsageKeys,
     .args = kUsageArgs,
     .run = usage},
};

constexpr CommandSpec kCommands[] = {
    {.name = "MEMORY",
     .summary = "Commands on the use of memory.",
     .since = "4.0.0",
     .group = Group::Server,
     .complexity = "Depends on subcommand",
     .arity = -2,
     .subcommands = kSubcommands},
};

Status doctor(Call& call) {
    const MemoryOverview memory = measure_memory(call.engine());
    std::string text = diagnose_memory(memory);
    const std::string keys =
        describe_big_keys(call.engine().hot_keys().big_keys().top(1), memory.dataset);
    if (!keys.empty()) text.append("\nOf the keys:\n\n").append(keys);
    call.reply().verbatim("txt", text);
    return done();
}

Status malloc_stats(Call& call) {
    call.reply().verbatim("txt",
                          describe_allocator(measure_memory(call.engine()), allocator_name()));
    return done();
}

Status purge(Call& call) {
    call.keyspace().heap().trim();
    release_free_memory();
    call.reply().ok();
    return done();
}

// One pair of MEMORY STATS after the other; the map's size is known at the end.
class StatisticsReply {
public:
    explicit StatisticsReply(ReplyWriter& reply) : reply_(reply), opened_(reply.open()) {}

    void number(std::string_view name, uint64_t value) {
        begin(name);
        reply_.integer(static_cast<int64_t>(value));
    }
    void real(std::string_view name, double value) {
        begin(name);
        reply_.double_number(value);
    }
    void begin(std::string_view name) {
        reply_.bulk(name);
        ++pairs_;
    }
    void end() { reply_.close_map(opened_, pairs_); }

private:
    ReplyWriter& reply_;
    size_t opened_;
    size_t pairs_ = 0;
};

void write_use(StatisticsReply& out, const MemoryOverview& memory) {
    out.number("peak.allocated", memory.peak);
    out.number("total.allocated", memory.used);
    out.number("startup.allocated", memory.startup);
    out.number("replication.backlog", 0);
    out.number("replicas.repl.buffer", memory.uncounted.replica_buffers);
    out.number("clients.slaves", 0);
    out.number("clients.normal", memory.clients);
    for (const char* name : {"cluster.links", "cluster.slot_import", "cluster.slot_export"}) {
        out.number(name, 0);
    }
    out.number("aof.buffer", memory.uncounted.aof_buffer);
    out.number("lua.caches", memory.script_caches);
    out.number("functions.caches", memory.function_caches);
}

void write_databases(StatisticsReply& out, const MemoryOverview& memory, ReplyWriter& reply) {
    for (const MemoryOverview::DatabaseTables& tables : memory.databases) {
        out.begin(fmt::format("db.{}", tables.number));
        reply.map(2);
        reply.bulk("overhead.hashtable.main");
        reply.integer(static_cast<int64_t>(tables.main_bytes));
        reply.bulk("overhead.hashtable.expires");
        reply.integer(static_cast<int64_t>(tables.expiry_bytes));
    }
    out.number("overhead.db.hashtable.lut", memory.tables);
    // Tables grow without rehashing.
    out.number("overhead.db.hashtable.rehashing", 0);
    out.number("overhead.total", memory.overhead);
    out.number("db.dict.rehashing.count", 0);
    out.number("keys.count", memory.keys);
    out.number("keys.bytes-per-key", memory.bytes_per_key());
    out.number("dataset.bytes", memory.dataset);
    out.real("dataset.percentage", memory.dataset_percent());
    out.real("peak.percentage", memory.peak_percent());
}

void write_allocator(StatisticsReply& out, const MemoryOverview& memory) {
    const AllocatorStatistics& allocator = memory.allocator;
    out.number("allocator.allocated", allocator.allocated);
    out.number("allocator.active", allocator.active);
    out.number("allocator.resident", allocator.resident);
    out.number("allocator.muzzy", allocator.muzzy);
    out.real("allocator-fragmentation.ratio", ratio(allocator.active, allocator.allocated));
    out.number("allocator-fragmentation.bytes", allocator.active - allocator.allocated);
    out.real("allocator-rss.ratio", ratio(allocator.resident, allocator.active));
    out.number("allocator-rss.bytes", allocator.resident - allocator.active);
    out.real("rss-overhead.ratio", ratio(memory.resident, allocator.resident));
    out.number("rss-overhead.bytes", memory.resident - allocator.resident);
    out.real("fragmentation", ratio(memory.resident, memory.used));
    out.number("fragmentation.bytes", memory.resident - memory.used);
}

Status stats(Call& call) {
    const MemoryOverview memory = measure_memory(call.engine());
    StatisticsReply out(call.reply());
    write_use(out, memory);
    write_databases(out, memory, call.reply());
    write_allocator(out, memory);
    out.end();
    return done();
}

Status usage(Call& call) {
    size_t samples = 5;
    for (size_t at = 3; at < call.count(); at += 2) {
        if (!call.arg_is(at, "SAMPLES") || at + 1 >= call.count()) return errors::kSyntax;
        const int64_t number = TRY(call.integer(at + 1));
        if (number < 0) return errors::kSyntax;
        samples = static_cast<size_t>(number);
    }
    const keyspace::Entry* entry = call.peek(2);
    if (entry == nullptr) {
        call.reply().null();
    } else {
        uint64_t bytes = call.keyspace().builder().memory_bytes(*entry);
        if (!entry->is_string()) bytes += entry->collection()->memory_bytes(samples);
        call.reply().integer(static_cast<int64_t>(bytes));
    }
    return done();
}

Status help(Call& call) {
    static constexpr std::string_view kLines[] = {
        "DOCTOR",
        "    Says in words whether memory is used well.",
        "MALLOC-STATS",
        "    Shows what the allocator says about itself.",
        "PURGE",
        "    Gives unused memory back to the system.",
        "STATS",
        "    Shows what the memory is used for.",
        "USAGE <key> [SAMPLES <count>]",
        "    Estimates the bytes that a key takes with its value. Of a collection <count> elements",
        "    are looked at (5 unless said, all with 0).",
    };
    reply_help(call.reply(), "MEMORY", kLines);
    return done();
}

}  // namespace

extern const CommandTable kTable{kCommands};

}  // namespace millrace::admin::commands::memory
