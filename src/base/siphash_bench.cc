// SPDX-License-Identifier: BSD-3-Clause
#include <benchmark/benchmark.h>

#include "base/siphash.h"

namespace millrace {
namespace {

// Each hash depends on the one before: latency, not throughput.
void BM_SipHash13Latency(benchmark::State& state) {
    char data[256] = "a key";
    const SipKey key{1, 2};
    const auto bytes = static_cast<size_t>(state.range(0));
    for (auto _ : state) {
        const uint64_t hash = siphash13(data, bytes, key);
        std::memcpy(data, &hash, sizeof(hash));
    }
    benchmark::DoNotOptimize(data);
}
BENCHMARK(BM_SipHash13Latency)->Arg(8)->Arg(12)->Arg(16)->Arg(32)->Arg(100)->Arg(256);

void BM_SipHash13(benchmark::State& state) {
    char data[256] = "a key";
    const SipKey key{1, 2};
    const auto bytes = static_cast<size_t>(state.range(0));
    for (auto _ : state) {
        benchmark::DoNotOptimize(data);
        benchmark::DoNotOptimize(siphash13(data, bytes, key));
    }
}
BENCHMARK(BM_SipHash13)->Arg(8)->Arg(12)->Arg(16)->Arg(32)->Arg(100)->Arg(256);

}  // namespace
}  // namespace millrace
