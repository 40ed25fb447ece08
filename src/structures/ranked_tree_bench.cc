// SPDX-License-Identifier: BSD-3-Clause
#include <benchmark/benchmark.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "structures/ranked_tree.h"

namespace millrace::structures {
namespace {

class Data {
public:
    Data(uint64_t count, bool ascending) {
        for (uint64_t i = 0; i < count; ++i) {
            const auto score = static_cast<double>(ascending ? i : random_() % (count * 4));
            elements_.push_back(RankedElement::make(score, "member:" + std::to_string(i)));
        }
        for (RankedElement* element : elements_) tree.insert(element);
    }
    ~Data() {
        for (RankedElement* element : elements_) RankedElement::free(element);
    }
    RankedElement& any() { return *elements_[random_() % elements_.size()]; }
    double any_score() { return static_cast<double>(random_() % (elements_.size() * 4)); }
    RankedTree tree;

private:
    std::vector<RankedElement*> elements_;
    std::mt19937_64 random_{7};
};

void count_bytes(benchmark::State& state, const Data& data) {
    state.counters["bytes/element"] =
        static_cast<double>(data.tree.memory_bytes()) / static_cast<double>(data.tree.size());
}

void BM_RankedTreeBuild(benchmark::State& state) {
    for (auto _ : state) {
        Data data(static_cast<uint64_t>(state.range(0)), state.range(1) != 0);
        count_bytes(state, data);
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_RankedTreeBuild)->ArgsProduct({{1000, 100000}, {0, 1}});

void BM_RankedTreeRescore(benchmark::State& state) {
    Data data(static_cast<uint64_t>(state.range(0)), false);
    for (auto _ : state) data.tree.rescore(&data.any(), data.any_score());
    count_bytes(state, data);
}
BENCHMARK(BM_RankedTreeRescore)->Arg(1000)->Arg(100000);

void BM_RankedTreeRank(benchmark::State& state) {
    Data data(static_cast<uint64_t>(state.range(0)), false);
    for (auto _ : state) {
        const RankedElement& element = data.any();
        benchmark::DoNotOptimize(data.tree.rank(element.score, element.member()));
    }
}
BENCHMARK(BM_RankedTreeRank)->Arg(1000)->Arg(100000);

void BM_RankedTreeWalkTen(benchmark::State& state) {
    Data data(static_cast<uint64_t>(state.range(0)), false);
    uint64_t rank = 0;
    for (auto _ : state) {
        rank = (rank + 7919) % (data.tree.size() - 10);
        auto cursor = data.tree.at(rank);
        for (int i = 0; i < 10; ++i, cursor.next()) benchmark::DoNotOptimize(cursor.element());
    }
}
BENCHMARK(BM_RankedTreeWalkTen)->Arg(1000)->Arg(100000);

}  // namespace
}  // namespace millrace::structures
