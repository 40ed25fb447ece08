// SPDX-License-Identifier: BSD-3-Clause
//
// Experiment 1: the main thread's lookup, alone. A random key costs one bucket line and one entry line; how many
// of them must be under way at once, and what do huge pages give?
//
// Commands come in batches of 32, as from an I/O thread. At depth D the bucket of command i+D is prefetched, the
// entry of command i+D/2 is found by its fingerprint and prefetched, and command i is executed. Depth 1 does not
// prefetch. A SET stores the slot and appends the old entry to a list; a GET copies the value of 512 bytes.

#include <benchmark/benchmark.h>
#include <sys/mman.h>

#include <cstring>
#include <memory>
#include <numeric>

#include "measuring.h"

namespace millrace::experiments {
namespace {

constexpr size_t kBatch = 32;
constexpr size_t kSlotsUsed = 6;  // Of seven: a load of 0.86.
constexpr size_t kValueBytes = 512;
constexpr size_t kEntryBytes = 576;
constexpr size_t kLineBytes = 64;

struct Entry {
    uint64_t header;
    char key[16];
    char value[kValueBytes];
    char rest[kEntryBytes - 24 - kValueBytes];
};
static_assert(sizeof(Entry) == kEntryBytes);

struct alignas(64) Bucket {
    uint8_t meta;
    uint8_t fingerprint[7];
    Entry* slot[7];
};
static_assert(sizeof(Bucket) == 64);

struct Command {
    uint32_t bucket;
    uint8_t fingerprint;
    uint64_t key;
};

// Anonymous memory, with or without huge pages, given back at the end.
class Region {
public:
    Region(size_t bytes, bool huge) : bytes_(bytes) {
        void* address = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (address == MAP_FAILED) std::abort();
        madvise(address, bytes, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
        address_ = address;
    }
    ~Region() { munmap(address_, bytes_); }
    Region(const Region&) = delete;
    Region& operator=(const Region&) = delete;
    void* address() const { return address_; }

private:
    void* address_;
    size_t bytes_;
};

class Keyspace {
public:
    Keyspace(size_t keys, bool huge)
        : buckets_((keys + kSlotsUsed - 1) / kSlotsUsed),
          bucket_memory_(buckets_ * sizeof(Bucket), huge),
          entry_memory_(keys * sizeof(Entry), huge) {
        auto* entries = static_cast<Entry*>(entry_memory_.address());
        std::vector<uint32_t> order(keys);
        std::iota(order.begin(), order.end(), 0U);
        Random random(7);
        for (size_t i = keys; i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);

        std::vector<Command> all(keys);
        for (size_t i = 0; i < keys; ++i) {
            Entry& entry = entries[order[i]];
            const uint64_t key = order[i];
            entry.header = key;
            std::memcpy(entry.key, &key, sizeof key);
            std::memset(entry.value, 'x', kValueBytes);
            const auto at = static_cast<uint32_t>(i / kSlotsUsed);
            const size_t place = i % kSlotsUsed;
            bucket(at).fingerprint[place] = static_cast<uint8_t>(random.next() >> 56);
            bucket(at).slot[place] = &entry;
            all[i] = {at, bucket(at).fingerprint[place], key};
        }
        commands_.resize(std::min<size_t>(keys, size_t{1} << 20) / kBatch * kBatch);
        for (Command& command : commands_) command = all[random.below(keys)];
    }

    Bucket& bucket(uint32_t at) { return static_cast<Bucket*>(bucket_memory_.address())[at]; }
    const std::vector<Command>& commands() const { return commands_; }

private:
    size_t buckets_;
    Region bucket_memory_;
    Region entry_memory_;
    std::vector<Command> commands_;
};

Keyspace& keyspace(bool huge) {
    static std::unique_ptr<Keyspace> instances[2];
    std::unique_ptr<Keyspace>& instance = instances[huge ? 1 : 0];
    if (!instance) instance = std::make_unique<Keyspace>(tiny() ? 60'000 : 3'000'000, huge);
    return *instance;
}

int find_by_fingerprint(const Bucket& bucket, uint8_t fingerprint, int from) {
    for (int i = from; i < static_cast<int>(kSlotsUsed); ++i) {
        if (bucket.fingerprint[i] == fingerprint) return i;
    }
    return -1;
}

enum class Work { Swap, Copy };

struct Outcome {
    Entry* limbo[kBatch];
    char output[kBatch][kValueBytes];
};

template <Work work>
void execute(Keyspace& keys, const Command& command, size_t index, Outcome& outcome) {
    Bucket& bucket = keys.bucket(command.bucket);
    int place = find_by_fingerprint(bucket, command.fingerprint, 0);
    while (place >= 0) {
        Entry* entry = bucket.slot[place];
        uint64_t key;
        std::memcpy(&key, entry->key, sizeof key);
        if (key == command.key) break;
        place = find_by_fingerprint(bucket, command.fingerprint, place + 1);
    }
    if (place < 0) std::abort();
    Entry* entry = bucket.slot[place];
    if constexpr (work == Work::Swap) {
        outcome.limbo[index] = entry;
        bucket.slot[place] = entry;
    } else {
        std::memcpy(outcome.output[index], entry->value, kValueBytes);
    }
}

template <Work work>
void prefetch_entry(Keyspace& keys, const Command& command) {
    const Bucket& bucket = keys.bucket(command.bucket);
    const int place = find_by_fingerprint(bucket, command.fingerprint, 0);
    if (place < 0) return;
    const char* bytes = reinterpret_cast<const char*>(bucket.slot[place]);
    __builtin_prefetch(bytes);
    if constexpr (work == Work::Copy) {
        for (size_t at = kLineBytes; at < 24 + kValueBytes; at += kLineBytes) __builtin_prefetch(bytes + at);
    }
}

template <Work work>
void run_batch(Keyspace& keys, const Command* batch, size_t depth, Outcome& outcome) {
    if (depth <= 1) {
        for (size_t i = 0; i < kBatch; ++i) execute<work>(keys, batch[i], i, outcome);
        return;
    }
    const size_t half = depth / 2;
    for (size_t i = 0; i < depth; ++i) __builtin_prefetch(&keys.bucket(batch[i].bucket));
    for (size_t i = 0; i < half; ++i) prefetch_entry<work>(keys, batch[i]);
    for (size_t i = 0; i < kBatch; ++i) {
        if (i + depth < kBatch) __builtin_prefetch(&keys.bucket(batch[i + depth].bucket));
        if (i + half < kBatch) prefetch_entry<work>(keys, batch[i + half]);
        execute<work>(keys, batch[i], i, outcome);
    }
}

template <Work work>
void lookup(benchmark::State& state) {
    pin_to_core(0);
    const auto depth = static_cast<size_t>(state.range(0));
    Keyspace& keys = keyspace(state.range(1) != 0);
    auto outcome = std::make_unique<Outcome>();
    std::memset(outcome.get(), 0, sizeof *outcome);
    const std::vector<Command>& commands = keys.commands();

    const size_t turn = std::min<size_t>(commands.size(), kBatch * 512);
    std::vector<double> costs;
    size_t at = 0;
    for (auto _ : state) {
        const int64_t begin = wall_ns();
        for (size_t done = 0; done < turn; done += kBatch) {
            run_batch<work>(keys, &commands[at], depth, *outcome);
            benchmark::DoNotOptimize(outcome.get());
            benchmark::ClobberMemory();
            at = at + kBatch < commands.size() ? at + kBatch : 0;
        }
        costs.push_back(static_cast<double>(wall_ns() - begin) / static_cast<double>(turn));
    }
    state.counters["ns_per_command"] = median(costs);
}

void set_by_swap(benchmark::State& state) { lookup<Work::Swap>(state); }
void get_by_copy(benchmark::State& state) { lookup<Work::Copy>(state); }

void arguments(benchmark::internal::Benchmark* bench) {
    bench->ArgNames({"depth", "huge"});
    for (int64_t huge : {0, 1}) {
        for (int64_t depth : {1, 4, 8, 16, 32}) bench->Args({depth, huge});
    }
}
BENCHMARK(set_by_swap)->Apply(arguments);
BENCHMARK(get_by_copy)->Apply(arguments);

}  // namespace
}  // namespace millrace::experiments
