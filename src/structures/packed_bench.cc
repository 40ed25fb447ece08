// SPDX-License-Identifier: BSD-3-Clause
//
// The structures that are one block of memory: listpack, intset, HyperLogLog.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <random>
#include <string>

#include "structures/hyperloglog.h"
#include "structures/intset.h"
#include "structures/listpack.h"

namespace millrace::structures {
namespace {

Listpack pack_of(int64_t count, bool numbers) {
    Listpack pack;
    for (int64_t i = 0; i < count; ++i) {
        const std::string text = std::to_string(i * 977);
        pack.append(numbers ? text : "member:" + text);
    }
    return pack;
}

void BM_ListpackAppend(benchmark::State& state) {
    for (auto _ : state) {
        const Listpack pack = pack_of(state.range(0), state.range(1) != 0);
        state.counters["bytes/element"] =
            static_cast<double>(pack.bytes()) / static_cast<double>(state.range(0));
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_ListpackAppend)->ArgsProduct({{8, 128, 512}, {0, 1}});

void BM_ListpackFind(benchmark::State& state) {
    const Listpack pack = pack_of(state.range(0), state.range(1) != 0);
    const std::string absent = state.range(1) != 0 ? "123456789" : "member:123456789";
    for (auto _ : state) benchmark::DoNotOptimize(pack.find(absent, pack.first()));
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_ListpackFind)->ArgsProduct({{8, 128, 512}, {0, 1}});

void BM_ListpackWalk(benchmark::State& state) {
    const Listpack pack = pack_of(state.range(0), state.range(1) != 0);
    for (auto _ : state) {
        char digits[24];
        for (auto at = pack.first(); at != Listpack::kNone; at = pack.next(at)) {
            benchmark::DoNotOptimize(pack.view(at, digits));
        }
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_ListpackWalk)->ArgsProduct({{8, 128, 512}, {0, 1}});

void BM_IntsetInsert(benchmark::State& state) {
    std::mt19937_64 random(7);
    for (auto _ : state) {
        Intset set;
        for (int64_t i = 0; i < state.range(0); ++i) {
            set.insert(static_cast<int32_t>(random()));
        }
        benchmark::DoNotOptimize(set);
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_IntsetInsert)->Arg(8)->Arg(128)->Arg(512);

void BM_IntsetContains(benchmark::State& state) {
    Intset set;
    for (int64_t i = 0; i < state.range(0); ++i) set.insert(i * 977);
    std::mt19937_64 random(7);
    const auto range = static_cast<uint64_t>(state.range(0)) * 977;
    for (auto _ : state) {
        benchmark::DoNotOptimize(set.contains(static_cast<int64_t>(random() % range)));
    }
}
BENCHMARK(BM_IntsetContains)->Arg(8)->Arg(128)->Arg(512);

std::string sketch_of(int64_t elements, size_t sparse_max) {
    std::string sketch = hyperloglog::empty_sketch();
    for (int64_t i = 0; i < elements; ++i) {
        (void)hyperloglog::raise(sketch, hyperloglog::mark_of(std::to_string(i)), sparse_max);
    }
    return sketch;
}

// Up to about 700 elements a sketch is sparse; with 100,000 hardly any element changes it.
void BM_HyperloglogRaise(benchmark::State& state) {
    std::string sketch = sketch_of(state.range(0), 3000);
    state.SetLabel(hyperloglog::is_dense(sketch) ? "dense" : "sparse");
    uint32_t at = 0;
    for (auto _ : state) {
        const auto mark = hyperloglog::mark_of(std::to_string(at++ % 500));
        benchmark::DoNotOptimize(hyperloglog::raise(sketch, mark, 3000));
    }
}
BENCHMARK(BM_HyperloglogRaise)->Arg(500)->Arg(100000);

void BM_HyperloglogCount(benchmark::State& state) {
    const std::string sketch = sketch_of(state.range(0), 3000);
    state.SetLabel(hyperloglog::is_dense(sketch) ? "dense" : "sparse");
    for (auto _ : state) {
        hyperloglog::Histogram histogram{};
        (void)hyperloglog::count_registers(histogram, sketch);
        benchmark::DoNotOptimize(hyperloglog::estimate(histogram));
    }
}
BENCHMARK(BM_HyperloglogCount)->Arg(500)->Arg(100000);

void BM_HyperloglogMerge(benchmark::State& state) {
    const std::string sketch = sketch_of(state.range(0), 3000);
    hyperloglog::Registers registers{};
    for (auto _ : state) benchmark::DoNotOptimize(hyperloglog::merge_into(registers, sketch));
}
BENCHMARK(BM_HyperloglogMerge)->Arg(500)->Arg(100000);

}  // namespace
}  // namespace millrace::structures
