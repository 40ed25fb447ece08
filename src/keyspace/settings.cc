// SPDX-License-Identifier: BSD-3-Clause
#include "keyspace/settings.h"

#include <limits>
#include <string>
#include <vector>

namespace millrace::keyspace {
namespace {

using namespace config;  // The kinds and flags of settings.

constexpr int64_t kIntMin = std::numeric_limits<int32_t>::min();
constexpr int64_t kIntMax = std::numeric_limits<int32_t>::max();
constexpr int64_t kInt64Max = std::numeric_limits<int64_t>::max();
constexpr uint64_t kUint63Max = std::numeric_limits<int64_t>::max();

constexpr Choice<MaxmemoryPolicy> kPolicies[] = {
    {"volatile-lru", MaxmemoryPolicy::VolatileLru},
    {"volatile-lfu", MaxmemoryPolicy::VolatileLfu},
    {"volatile-random", MaxmemoryPolicy::VolatileRandom},
    {"volatile-ttl", MaxmemoryPolicy::VolatileTtl},
    {"allkeys-lru", MaxmemoryPolicy::AllkeysLru},
    {"allkeys-lfu", MaxmemoryPolicy::AllkeysLfu},
    {"allkeys-random", MaxmemoryPolicy::AllkeysRandom},
    {"noeviction", MaxmemoryPolicy::NoEviction},
};

Result<MaxMemory> parse_max_memory(Words words, const ParseContext<MaxMemory>&) {
    if (equal_ignoring_case(words[0], "auto")) return MaxMemory{.automatic = true};
    return MaxMemory{TRY(parse_unsigned(words[0], Unit::Memory, 0, UINT64_MAX))};
}

std::string print_max_memory(const MaxMemory& memory) {
    return memory.automatic ? "auto" : print_unsigned(memory.bytes, Unit::Memory);
}

std::vector<std::string> write_max_memory(const MaxMemory& memory, const MaxMemory& usual,
                                          bool complete) {
    if (memory == usual && !complete) return {};
    return {memory.automatic ? "auto" : write_unsigned(memory.bytes, Unit::Memory)};
}

void register_memory(Registry& registry, Settings& settings) {
    registry.add_integer("databases", settings.databases,
                         {.min = 1, .max = kIntMax, .flags = kImmutable});
    registry.add_text("hash-seed", settings.hash_seed, {.flags = kImmutable | kNullable});
    registry.add_custom<MaxMemory>("maxmemory", settings.maxmemory,
                                   {.parse = parse_max_memory,
                                    .print = print_max_memory,
                                    .write = write_max_memory});
    registry.add_bool("maxmemory-count-buffers", settings.maxmemory_count_buffers);
    registry.add_enum("maxmemory-policy", settings.maxmemory_policy, kPolicies);
    registry.add_integer("maxmemory-samples", settings.maxmemory_samples, {.min = 1, .max = 64});
    registry.add_integer("maxmemory-eviction-tenacity", settings.maxmemory_eviction_tenacity,
                         {.min = 0, .max = 100});
    registry.add_integer("lfu-log-factor", settings.lfu_log_factor, {.min = 0, .max = kIntMax});
    registry.add_integer("lfu-decay-time", settings.lfu_decay_time, {.min = 0, .max = kIntMax});
    registry.add_integer("active-expire-effort", settings.active_expire_effort,
                         {.min = 1, .max = 10});
    registry.add_bool("activerehashing", settings.activerehashing);
    registry.add_bool("jemalloc-bg-thread", settings.jemalloc_bg_thread);
}

void register_encodings(Registry& registry, EncodingSettings& encodings) {
    registry.add_unsigned("hash-max-listpack-entries", encodings.hash_max_listpack_entries,
                          {.max = kUint63Max, .alias = "hash-max-ziplist-entries"});
    registry.add_unsigned(
        "hash-max-listpack-value", encodings.hash_max_listpack_value,
        {.max = kUint63Max, .unit = Unit::Memory, .alias = "hash-max-ziplist-value"});
    registry.add_unsigned("set-max-intset-entries", encodings.set_max_intset_entries,
                          {.max = kUint63Max});
    registry.add_unsigned("set-max-listpack-entries", encodings.set_max_listpack_entries,
                          {.max = kUint63Max});
    registry.add_unsigned("set-max-listpack-value", encodings.set_max_listpack_value,
                          {.max = kUint63Max});
    registry.add_unsigned("zset-max-listpack-entries", encodings.zset_max_listpack_entries,
                          {.max = kUint63Max, .alias = "zset-max-ziplist-entries"});
    registry.add_unsigned(
        "zset-max-listpack-value", encodings.zset_max_listpack_value,
        {.max = kUint63Max, .unit = Unit::Memory, .alias = "zset-max-ziplist-value"});
    registry.add_integer("list-max-listpack-size", encodings.list_max_listpack_size,
                         {.min = kIntMin, .max = kIntMax, .alias = "list-max-ziplist-size"});
    registry.add_integer("list-compress-depth", encodings.list_compress_depth,
                         {.min = 0, .max = kIntMax});
    registry.add_unsigned("stream-node-max-bytes", encodings.stream_node_max_bytes,
                          {.max = kUint63Max, .unit = Unit::Memory});
    registry.add_integer("stream-node-max-entries", encodings.stream_node_max_entries,
                         {.min = 0, .max = kInt64Max});
    registry.add_unsigned("hll-sparse-max-bytes", encodings.hll_sparse_max_bytes,
                          {.max = kUint63Max, .unit = Unit::Memory});
}

void register_defrag(Registry& registry, DefragSettings& defrag) {
    registry.add_bool("activedefrag", defrag.activedefrag);
    registry.add_unsigned("active-defrag-ignore-bytes", defrag.ignore_bytes,
                          {.min = 1, .max = kUint63Max, .unit = Unit::Memory});
    registry.add_integer("active-defrag-threshold-lower", defrag.threshold_lower,
                         {.min = 0, .max = 1000});
    registry.add_integer("active-defrag-threshold-upper", defrag.threshold_upper,
                         {.min = 0, .max = 1000});
    registry.add_integer("active-defrag-cycle-min", defrag.cycle_min, {.min = 1, .max = 99});
    registry.add_integer("active-defrag-cycle-max", defrag.cycle_max, {.min = 1, .max = 99});
    registry.add_integer("active-defrag-cycle-us", defrag.cycle_us, {.min = 0, .max = 100000});
    registry.add_unsigned("active-defrag-max-scan-fields", defrag.max_scan_fields,
                          {.min = 1, .max = kUint63Max});
}

}  // namespace

void register_settings(Registry& registry, Settings& settings) {
    register_memory(registry, settings);
    register_encodings(registry, settings.encodings);
    register_defrag(registry, settings.defrag);
}

}  // namespace millrace::keyspace
