// SPDX-License-Identifier: BSD-3-Clause
//
// INFO memory: how much is used, by what, and how well the allocator does.

#include <fmt/format.h>
#include <unistd.h>

#include <initializer_list>
#include <string>

#include "admin/info/sections.h"
#include "admin/memory_overview.h"
#include "admin/setting_value.h"
#include "engine/memory_limit.h"

namespace millrace::admin::info {
namespace {

using observe::InfoWriter;

void with_human(InfoWriter& out, const std::string& name, uint64_t bytes) {
    out.field(name, bytes);
    out.human_bytes(name + "_human", bytes);
}

void write_zeros(InfoWriter& out, std::initializer_list<const char*> names) {
    for (const char* name : names) out.field(name, 0);
}

std::string percent(double value) {
    return fmt::format("{:.2f}%", value);
}

int64_t signed_difference(uint64_t a, uint64_t b) {
    return static_cast<int64_t>(a - b);
}

uint64_t system_memory_bytes() {
    const long pages = sysconf(_SC_PHYS_PAGES);
    const long page_bytes = sysconf(_SC_PAGESIZE);
    if (pages < 0 || page_bytes < 0) return 0;
    return static_cast<uint64_t>(pages) * static_cast<uint64_t>(page_bytes);
}

// What is measured at some cost, and what never changes.
struct Measured {
    MemorySample sample;
    const uint64_t system_bytes = system_memory_bytes();

    // Compat: what system and allocator say may be a tenth of a second old.
    void refresh(engine::Engine& engine) {
        constexpr int64_t kFreshMs = 100;
        const int64_t now_ms = engine.now_ms();
        if (now_ms < sample.taken_ms || now_ms - kFreshMs >= sample.taken_ms)
            sample = sample_memory(engine);
    }
};

void write_use(InfoWriter& out, const MemoryOverview& memory, uint64_t system_bytes) {
    with_human(out, "used_memory", memory.used);
    with_human(out, "used_memory_rss", memory.resident);
    with_human(out, "used_memory_peak", memory.peak);
    out.field("used_memory_peak_perc", percent(memory.peak_percent()));
    out.field("used_memory_overhead", memory.overhead);
    out.field("used_memory_startup", memory.startup);
    out.field("used_memory_dataset", memory.dataset);
    out.field("used_memory_dataset_perc", percent(memory.dataset_percent()));
    out.field("allocator_allocated", memory.allocator.allocated);
    out.field("allocator_active", memory.allocator.active);
    out.field("allocator_resident", memory.allocator.resident);
    out.field("allocator_muzzy", memory.allocator.muzzy);
    with_human(out, "total_system_memory", system_bytes);
}

void write_scripts(InfoWriter& out, const engine::ScriptCounters& scripts) {
    out.field("used_memory_lua", scripts.interpreter_bytes);
    out.field("used_memory_vm_eval", scripts.interpreter_bytes);
    out.human_bytes("used_memory_lua_human", scripts.interpreter_bytes);
    out.field("used_memory_scripts_eval", scripts.cache_bytes);
    out.field("number_of_cached_scripts", scripts.cached_scripts);
    out.field("number_of_functions", scripts.functions);
    out.field("number_of_libraries", scripts.libraries);
    out.field("used_memory_vm_functions", scripts.function_interpreter_bytes);
    with_human(out, "used_memory_vm_total",
               scripts.interpreter_bytes + scripts.function_interpreter_bytes);
    out.field("used_memory_functions", scripts.function_bytes);
    with_human(out, "used_memory_scripts", scripts.cache_bytes + scripts.function_bytes);
}

void write_limit(InfoWriter& out, engine::Engine& engine) {
    with_human(out, "maxmemory", engine.memory_limit().limit());
    out.field("maxmemory_policy", setting_text(engine, "maxmemory-policy", "noeviction"));
}

void write_fragmentation(InfoWriter& out, const MemoryOverview& memory) {
    const AllocatorStatistics& allocator = memory.allocator;
    out.field("allocator_frag_ratio", ratio(allocator.active, allocator.allocated), 2);
    out.field("allocator_frag_bytes", signed_difference(allocator.active, allocator.allocated));
    out.field("allocator_rss_ratio", ratio(allocator.resident, allocator.active), 2);
    out.field("allocator_rss_bytes", signed_difference(allocator.resident, allocator.active));
    out.field("rss_overhead_ratio", ratio(memory.resident, allocator.resident), 2);
    out.field("rss_overhead_bytes", signed_difference(memory.resident, allocator.resident));
    out.field("mem_fragmentation_ratio", ratio(memory.resident, memory.used), 2);
    out.field("mem_fragmentation_bytes", signed_difference(memory.resident, memory.used));
}

void write_buffers(InfoWriter& out, const MemoryOverview& memory, uint64_t uncounted) {
    out.field("mem_not_counted_for_evict", uncounted);
    const uint64_t replicas = memory.uncounted.replica_buffers;
    out.field("mem_replication_backlog", 0);
    out.field("mem_total_replication_buffers", replicas);
    out.field("mem_replicas_repl_buffer", replicas);
    out.field("mem_clients_slaves", 0);
    out.field("mem_clients_normal", memory.clients);
    write_zeros(out, {"mem_cluster_links", "mem_cluster_slot_import", "mem_cluster_slot_export"});
    out.field("mem_aof_buffer", memory.uncounted.aof_buffer);
    out.field("mem_allocator", allocator_name());
    write_zeros(out, {"mem_overhead_db_hashtable_rehashing"});
}

}  // namespace

void register_memory_section(observe::InfoRegistry& info, engine::Engine& engine) {
    const auto write = [&engine, measured = Measured()](InfoWriter& out) mutable {
        measured.refresh(engine);
        const MemoryOverview memory = measure_memory(engine, measured.sample);
        write_use(out, memory, measured.system_bytes);
        write_scripts(out, engine.counters().scripts);
        write_limit(out, engine);
        write_fragmentation(out, memory);
        write_buffers(out, memory, engine.memory_limit().uncounted_bytes());
        out.field("active_defrag_running", engine.server().defrag.running_percent);
        out.field("lazyfree_pending_objects",
                  engine.keyspace().condemned_objects() + engine.keyspace().reclaimer().pending());
        out.field("lazyfreed_objects", engine.keyspace().lazily_freed());
    };
    info.add("memory", "Memory", observe::InfoRegistry::kDefault, write);
}

}  // namespace millrace::admin::info
