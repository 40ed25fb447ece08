// SPDX-License-Identifier: BSD-3-Clause
//
// Measures.

#include "admin/memory_overview.h"

#include <algorithm>

#include "admin/client/listing.h"
#include "engine/memory_limit.h"
#include "structures/slab_pool.h"

namespace millrace::admin {
namespace {

uint64_t difference(uint64_t a, uint64_t b) {
    return a > b ? a - b : 0;
}

void add_databases(MemoryOverview& overview, keyspace::Keyspace& keyspace) {
    for (int number = 0; number < keyspace.database_count(); ++number) {
        keyspace::Database& database = keyspace.database(number);
        const uint64_t main_bytes = database.table().memory_bytes();
        const uint64_t expiry_bytes = database.expiry_index().memory_bytes();
        overview.tables += main_bytes + expiry_bytes;
        overview.keys += database.size();
        // Compat: an emptied database is shown, until it is flushed.
        if (database.size() != 0 || database.keys_lost() != 0) {
            overview.databases.push_back({number, main_bytes, expiry_bytes});
        }
    }
}

// The allocator's statistics take whole chunks of the slabs for active and resident; what their
// pages say is closer.
AllocatorStatistics engine_memory(engine::Engine& engine) {
    AllocatorStatistics statistics = allocator_statistics();
    const structures::SlabHeapPool& heaps = engine.keyspace().heaps();
    const structures::SlabHeapPool::Filling filling = heaps.filling();
    statistics.active += filling.page_bytes - heaps.mapped_bytes();
    statistics.resident += filling.resident_bytes - heaps.mapped_bytes();
    return statistics;
}

}  // namespace

double ratio(uint64_t a, uint64_t b) {
    return b == 0 ? 0.0 : static_cast<double>(a) / static_cast<double>(b);
}

double MemoryOverview::dataset_percent() const {
    return 100.0 * ratio(dataset, difference(used, startup));
}

double MemoryOverview::peak_percent() const {
    return 100.0 * ratio(used, peak);
}

uint64_t MemoryOverview::bytes_per_key() const {
    return keys == 0 ? 0 : difference(used, startup) / keys;
}

MemorySample sample_memory(engine::Engine& engine) {
    return {resident_set_bytes(), engine_memory(engine), engine.now_ms()};
}

MemoryOverview measure_memory(engine::Engine& engine) {
    return measure_memory(engine, sample_memory(engine));
}

MemoryOverview measure_memory(engine::Engine& engine, const MemorySample& sample) {
    MemoryOverview overview;
    overview.used = used_bytes();
    overview.resident = sample.resident;
    overview.allocator = sample.allocator;
    observe::MemoryMarks& marks = engine.server().memory;
    marks.note(overview.used, engine.now_us() / 1000000);
    overview.peak = marks.peak_bytes;
    overview.startup = std::min(marks.startup_bytes, overview.used);

    engine.sessions().for_each([&](const engine::Session& session) {
        overview.clients += client::client_memory(session, client::summarise(session)).total;
        ++overview.client_count;
    });
    add_databases(overview, engine.keyspace());
    const engine::ScriptCounters& scripts = engine.counters().scripts;
    overview.script_caches = scripts.cache_bytes;
    overview.function_caches = scripts.function_bytes;
    overview.uncounted = engine.memory_limit().uncounted();
    overview.overhead = overview.startup + overview.clients + overview.tables +
                        overview.script_caches + overview.function_caches +
                        overview.uncounted.total();
    overview.dataset = difference(overview.used, overview.overhead);
    return overview;
}

}  // namespace millrace::admin
