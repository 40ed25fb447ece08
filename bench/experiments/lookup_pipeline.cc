// SPDX-License-Identifier: BSD-3-Clause
//
// Experiment 1: the main thread's lookup, alone. A random key costs one bucket line and one entry
// line; how many of them must be under way at once, and what do huge pages give?
//
// Commands come in batches of 32, as from an I/O thread. Two forms of looking ahead:
//   flowing  while command i executes, the bucket of i+D is prefetched and the entry of i+D/2 is
//   found by its
//            fingerprint and prefetched; D = 1 does not look ahead at all
//   staged   in groups of D: prefetch all buckets, then find and prefetch all entries, then execute
//   all
// A SET stores the slot and appends the old entry to a list; a GET copies the value of 512 bytes.
//
// Each command also computes for some 300 instructions that depend on the entry it found, as in a
// server. Without that, the core overlaps one lookup with the next by itself and every form looks
// alike. The cost of the computing, measured alone, is taken off again.

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
        void* address =
            mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
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
        commands_.resize(std::min<size_t>(keys, size_t{1} << 22) / kBatch * kBatch);
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

// One bit per slot, in the top bit of its byte; a false match is possible above a true one, and the
// key tells.
uint64_t matches(const Bucket& bucket, uint8_t fingerprint) {
    constexpr uint64_t kOnes = 0x0101010101010101ULL;
    constexpr uint64_t kTops = 0x8080808080808080ULL;
    uint64_t line;
    std::memcpy(&line, &bucket, sizeof line);
    line ^= kOnes * fingerprint;
    return (line - kOnes) & ~line & kTops & (~uint64_t{0} << 8) & (~uint64_t{0} >> 8);
}

// The meta byte is byte 0 and slot 0 has byte 1.
size_t first_slot(uint64_t matching) {
    return static_cast<size_t>(__builtin_ctzll(matching)) / 8 - 1;
}

enum class Work { Swap, Copy };

// About 300 instructions in one chain: more than the core's reorder buffer holds.
uint64_t compute(uint64_t seed) {
    for (int i = 0; i < 50; ++i) {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
    }
    return seed;
}

double compute_ns() {
    std::vector<double> costs;
    uint64_t seed = 1;
    for (int round = 0; round < 101; ++round) {
        const int64_t begin = wall_ns();
        for (int i = 0; i < 1000; ++i) seed = compute(seed);
        costs.push_back(static_cast<double>(wall_ns() - begin) / 1000.0);
    }
    benchmark::DoNotOptimize(seed);
    return median(costs);
}

struct Outcome {
    Entry* limbo[kBatch];
    char output[kBatch][kValueBytes];
    uint64_t computed = 0;
};

template <Work work>
void execute(Keyspace& keys, const Command& command, size_t index, Outcome& outcome) {
    Bucket& bucket = keys.bucket(command.bucket);
    Entry* entry = nullptr;
    size_t place = 0;
    for (uint64_t matching = matches(bucket, command.fingerprint);; matching &= matching - 1) {
        if (matching == 0) std::abort();
        place = first_slot(matching);
        entry = bucket.slot[place];
        uint64_t key;
        std::memcpy(&key, entry->key, sizeof key);
        if (key == command.key) break;
    }
    if constexpr (work == Work::Swap) {
        outcome.limbo[index] = entry;
        bucket.slot[place] = entry;
    } else {
        std::memcpy(outcome.output[index], entry->value, kValueBytes);
    }
    outcome.computed += compute(entry->header);
}

// Compiler: g++ 12 takes a function that only prefetches for one without effect and drops calls of
// it; inlining before that analysis keeps them.
template <Work work>
[[gnu::always_inline]] inline void prefetch_entry(Keyspace& keys, const Command& command) {
    const Bucket& bucket = keys.bucket(command.bucket);
    const uint64_t matching = matches(bucket, command.fingerprint);
    if (matching == 0) return;
    const char* bytes = reinterpret_cast<const char*>(bucket.slot[first_slot(matching)]);
    __builtin_prefetch(bytes);
    if constexpr (work == Work::Copy) {
        for (size_t at = kLineBytes; at < 24 + kValueBytes; at += kLineBytes)
            __builtin_prefetch(bytes + at);
    }
}

template <Work work>
void run_plain(Keyspace& keys, const Command* batch, Outcome& outcome) {
    for (size_t i = 0; i < kBatch; ++i) execute<work>(keys, batch[i], i, outcome);
}

template <Work work>
void run_flowing(Keyspace& keys, const Command* batch, size_t depth, Outcome& outcome) {
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
void run_staged(Keyspace& keys, const Command* batch, size_t depth, Outcome& outcome) {
    for (size_t begin = 0; begin < kBatch; begin += depth) {
        const size_t end = begin + depth;
        for (size_t i = begin; i < end; ++i) __builtin_prefetch(&keys.bucket(batch[i].bucket));
        for (size_t i = begin; i < end; ++i) prefetch_entry<work>(keys, batch[i]);
        for (size_t i = begin; i < end; ++i) execute<work>(keys, batch[i], i, outcome);
    }
}

template <Work work>
void lookup(benchmark::State& state) {
    pin_to_core(0);
    const auto depth = static_cast<size_t>(state.range(0));
    Keyspace& keys = keyspace(state.range(1) != 0);
    const bool staged = state.range(2) != 0;
    auto outcome = std::make_unique<Outcome>();
    std::memset(static_cast<void*>(outcome.get()), 0, sizeof *outcome);
    const double computing = compute_ns();
    const std::vector<Command>& commands = keys.commands();

    const size_t turn = std::min<size_t>(commands.size(), kBatch * 512);
    std::vector<double> costs;
    size_t at = 0;
    for (auto _ : state) {
        const int64_t begin = wall_ns();
        for (size_t done = 0; done < turn; done += kBatch) {
            if (depth == 1) {
                run_plain<work>(keys, &commands[at], *outcome);
            } else if (staged) {
                run_staged<work>(keys, &commands[at], depth, *outcome);
            } else {
                run_flowing<work>(keys, &commands[at], depth, *outcome);
            }
            benchmark::DoNotOptimize(outcome.get());
            benchmark::ClobberMemory();
            at = at + kBatch < commands.size() ? at + kBatch : 0;
        }
        costs.push_back(static_cast<double>(wall_ns() - begin) / static_cast<double>(turn));
    }
    state.counters["ns_per_command"] = median(costs) - computing;
}

void set_by_swap(benchmark::State& state) {
    lookup<Work::Swap>(state);
}
void get_by_copy(benchmark::State& state) {
    lookup<Work::Copy>(state);
}

void arguments(benchmark::internal::Benchmark* bench) {
    bench->ArgNames({"depth", "huge", "staged"});
    for (int64_t huge : {0, 1}) {
        bench->Args({1, huge, 0});
        for (int64_t staged : {0, 1}) {
            for (int64_t depth : {4, 8, 16, 32}) bench->Args({depth, huge, staged});
        }
    }
}
BENCHMARK(set_by_swap)->Apply(arguments);
BENCHMARK(get_by_copy)->Apply(arguments);

}  // namespace
}  // namespace millrace::experiments
