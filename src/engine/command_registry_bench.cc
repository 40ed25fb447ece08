// SPDX-License-Identifier: BSD-3-Clause
#include <benchmark/benchmark.h>

#include "engine/command_registry.h"

namespace millrace::engine {
namespace {

constexpr CommandSpec kCommands[] = {
    {.name = "GET"},
    {.name = "SET"},
    {.name = "DEL"},
    {.name = "INCR"},
    {.name = "MGET"},
    {.name = "PING"},
    {.name = "EXPIRE"},
    {.name = "EXISTS"},
    {.name = "HGETALL"},
    {.name = "HINCRBYFLOAT"},
    {.name = "ZREVRANGEBYSCORE"},
    {.name = "GEORADIUSBYMEMBER_RO"},
};
constexpr CommandTable kTable{kCommands};
constexpr const CommandTable* kTables[] = {&kTable};

void find_one(benchmark::State& state, std::string_view name) {
    const CommandRegistry registry(kTables);
    for (auto _ : state) {
        benchmark::DoNotOptimize(name);
        benchmark::DoNotOptimize(registry.find(name));
    }
}

void find_mixed(benchmark::State& state) {
    const CommandRegistry registry(kTables);
    constexpr std::string_view kNames[] = {"GET",  "set",    "GET",     "Incr",
                                           "MGET", "expire", "HGETALL", "ZREVRANGEBYSCORE"};
    for (auto _ : state) {
        for (std::string_view name : kNames) {
            benchmark::DoNotOptimize(name);
            benchmark::DoNotOptimize(registry.find(name));
        }
    }
    state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * std::size(kNames)));
}

void resolve_two_words(benchmark::State& state) {
    const CommandRegistry registry(kTables);
    std::string_view words[] = {"GET", "some-key"};
    for (auto _ : state) {
        benchmark::DoNotOptimize(words);
        benchmark::DoNotOptimize(registry.resolve(words));
    }
}

BENCHMARK_CAPTURE(find_one, get, "GET");
BENCHMARK_CAPTURE(find_one, set_lower_case, "set");
BENCHMARK_CAPTURE(find_one, sixteen_bytes, "ZREVRANGEBYSCORE");
BENCHMARK_CAPTURE(find_one, twenty_bytes, "georadiusbymember_ro");
BENCHMARK_CAPTURE(find_one, unknown, "nosuch");
BENCHMARK(find_mixed);
BENCHMARK(resolve_two_words);

}  // namespace
}  // namespace millrace::engine
