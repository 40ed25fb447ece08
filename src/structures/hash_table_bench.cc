// SPDX-License-Identifier: BSD-3-Clause
//
// Costs, measured with 3 million entries of random keys on a busy machine: a
// look-up takes 270 ns alone, and 60 in batches of 16 or 32 with stages 8 apart (60 to 90 with 4);
// replacing an entry, with allocation, 100; inserting 90 on average into a table that grows to ten
// thousand, 200 to a million. 12.4 bytes per element, 13 in slab pages after a walk of
// shrink_step().
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <random>
#include <string_view>
#include <vector>

#include "base/siphash.h"
#include "structures/hash_table.h"
#include "structures/slab_pool.h"

namespace millrace::structures {
namespace {

// As the keyspace has it: a header, a key of 16 bytes in the same allocation, a value of 512.
struct Entry {
    uint64_t header;
    char key[16];
    char value[512];
};

struct EntryTraits {
    using Element = Entry;
    uint64_t hash_key(const char* key) const {
        return siphash13(key, sizeof(Entry::key), SipKey{3, 4});
    }
    uint64_t hash(const Entry& entry) const { return hash_key(entry.key); }
    bool equal(const Entry& entry, const char* key) const {
        return std::memcmp(entry.key, key, sizeof(entry.key)) == 0;
    }
};

struct Command {
    uint64_t hash;
    char key[16];
};

void write_key(char* key, uint64_t number) {
    char text[32];
    std::snprintf(text, sizeof(text), "key:%012llu", static_cast<unsigned long long>(number));
    std::memcpy(key, text, 16);
}

struct TakenHeap {
    SlabHeapPool& pool;
    SlabHeap& heap = pool.take();
    ~TakenHeap() { pool.give_back(heap); }
};

// Three million entries; built once, since that takes a while.
struct Data {
    static constexpr uint64_t kCount = 3000000;
    SlabHeapPool pool{SlabOptions{.huge_pages = true}};
    TakenHeap taken{pool};
    SlabHeap& heap = taken.heap;
    HashTable<EntryTraits> table{heap};
    EntryTraits traits;
    std::vector<Command> commands;  // Random keys, as if parsed from clients.

    Entry* make(uint64_t number) {
        // Only the first lines matter here; the rest of the value would take a gigabyte and a half.
        auto* entry = static_cast<Entry*>(heap.allocate(kEntryBytes));
        entry->header = number;
        write_key(entry->key, number);
        return entry;
    }
    Data() {
        for (uint64_t number = 0; number < kCount; ++number) {
            Entry* entry = make(number);
            table.insert(traits.hash(*entry), entry);
        }
        std::mt19937_64 random(5);
        commands.resize(1 << 20);
        for (Command& command : commands) {
            write_key(command.key, random() % kCount);
            command.hash = traits.hash_key(command.key);
        }
    }
    // Else it is a leak to the address sanitizer, which does not see pointers in slots.
    ~Data() {
        RemoteFrees frees(pool);
        auto release = [&](Entry* entry, unsigned) { heap.deallocate(entry); };
        while (table.drain(SIZE_MAX, release, &heap, frees)) {
        }
    }
    static constexpr size_t kEntryBytes = 192;
};

Data& data() {
    static Data built;
    return built;
}

void BM_FindOneAtATime(benchmark::State& state) {
    Data& all = data();
    size_t next = 0;
    uint64_t chain = 0;
    for (auto _ : state) {
        // Each look-up waits for the one before, as it does when a command is executed between
        // them.
        const Command& command = all.commands[(next++ + (chain & 1)) & (all.commands.size() - 1)];
        const auto ref = all.table.find(command.hash, static_cast<const char*>(command.key));
        chain = ref.element()->header;
    }
    benchmark::DoNotOptimize(chain);
}
BENCHMARK(BM_FindOneAtATime);

// Looks up a batch in three stages, `ahead` commands apart.
template <typename Execute>
void run_batch(const HashTable<EntryTraits>& table, const Command* batch, size_t size, size_t ahead,
               Execute execute) {
    for (size_t i = 0; i < std::min(2 * ahead, size); ++i) {
        table.prefetch_bucket(batch[i].hash);
    }
    for (size_t i = 0; i < std::min(ahead, size); ++i) table.prefetch_element(batch[i].hash);
    for (size_t i = 0; i < size; ++i) {
        if (i + 2 * ahead < size) table.prefetch_bucket(batch[i + 2 * ahead].hash);
        if (i + ahead < size) table.prefetch_element(batch[i + ahead].hash);
        execute(batch[i]);
    }
}

// Arguments: size of the batch, distance of the stages.
void BM_FindPipelined(benchmark::State& state) {
    Data& all = data();
    const auto size = static_cast<size_t>(state.range(0));
    const auto ahead = static_cast<size_t>(state.range(1));
    size_t next = 0;
    uint64_t chain = 0;
    for (auto _ : state) {
        const Command* batch = &all.commands[(next + (chain & 1)) % (all.commands.size() - 64)];
        next += size;
        run_batch(all.table, batch, size, ahead, [&](const Command& command) {
            chain += all.table.find(command.hash, static_cast<const char*>(command.key))
                         .element()
                         ->header;
        });
    }
    benchmark::DoNotOptimize(chain);
    state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * static_cast<int64_t>(size));
}
BENCHMARK(BM_FindPipelined)->ArgsProduct({{8, 16, 32}, {2, 4, 8}});

// SET of an existing key with a prebuilt entry: link the new one, free the old one.
void BM_ReplacePipelined(benchmark::State& state) {
    Data& all = data();
    const auto size = static_cast<size_t>(state.range(0));
    const auto ahead = static_cast<size_t>(state.range(1));
    size_t next = 0;
    for (auto _ : state) {
        const Command* batch = &all.commands[next % (all.commands.size() - 64)];
        next += size;
        run_batch(all.table, batch, size, ahead, [&](const Command& command) {
            const auto ref = all.table.find(command.hash, static_cast<const char*>(command.key));
            Entry* old = ref.element();
            auto* fresh = static_cast<Entry*>(all.heap.allocate(Data::kEntryBytes));
            fresh->header = old->header;
            std::memcpy(fresh->key, command.key, sizeof(fresh->key));
            all.table.replace(ref, fresh, 0);
            all.heap.deallocate(old);
        });
    }
    state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * static_cast<int64_t>(size));
}
BENCHMARK(BM_ReplacePipelined)->Args({32, 4});

// DEL and SET of random keys: erase, then insert again.
void BM_EraseAndInsert(benchmark::State& state) {
    Data& all = data();
    size_t next = 0;
    for (auto _ : state) {
        const Command* batch = &all.commands[next % (all.commands.size() - 64)];
        next += 32;
        run_batch(all.table, batch, 32, 4, [&](const Command& command) {
            const auto ref = all.table.find(command.hash, static_cast<const char*>(command.key));
            Entry* entry = ref.element();
            all.table.erase(ref, command.hash);
            all.table.insert(command.hash, entry);
        });
    }
    state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * 32);
}
BENCHMARK(BM_EraseAndInsert);

// Growing from nothing, per element; entries exist already.
void BM_InsertFromEmpty(benchmark::State& state) {
    Data& all = data();
    const auto count = static_cast<uint64_t>(state.range(0));
    std::vector<std::pair<uint64_t, Entry*>> entries;
    uint64_t position = 0;
    do {
        position = all.table.visit_segment(position, [&](auto ref) {
            entries.emplace_back(all.traits.hash(*ref.element()), ref.element());
        });
    } while (position != 0);
    std::shuffle(entries.begin(), entries.end(), std::mt19937(1));
    entries.resize(count);
    for (auto _ : state) {
        HashTable<EntryTraits> table(all.heap);
        for (auto [hash, entry] : entries) table.insert(hash, entry);
        benchmark::DoNotOptimize(table.size());
    }
    state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * static_cast<int64_t>(count));
}
BENCHMARK(BM_InsertFromEmpty)->Arg(100)->Arg(10000)->Arg(1000000)->Unit(benchmark::kMillisecond);

void BM_Scan(benchmark::State& state) {
    Data& all = data();
    uint64_t cursor = 0;
    uint64_t visited = 0;
    for (auto _ : state) cursor = all.table.scan(cursor, [&](Entry*, unsigned) { ++visited; });
    state.SetItemsProcessed(static_cast<int64_t>(visited));
}
BENCHMARK(BM_Scan);

void BM_Random(benchmark::State& state) {
    Data& all = data();
    uint64_t entropy = 0;
    for (auto _ : state) benchmark::DoNotOptimize(all.table.random(entropy++));
}
BENCHMARK(BM_Random);

}  // namespace
}  // namespace millrace::structures
