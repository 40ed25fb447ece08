// SPDX-License-Identifier: BSD-3-Clause
//
// Lists and streams: adding at an end, finding by place or id, walking.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>

#include "values/list.h"
#include "values/stream.h"

namespace millrace::values {
namespace {

constexpr int64_t kListSetting = -2;
constexpr std::string_view kText = "sixteen bytes---";

void fill(List& list, int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
        list.make_room(kListSetting, kText.size(), 1);
        list.push(End::Tail, kText);
    }
}

void BM_ListPushAndPop(benchmark::State& state) {
    List list;
    fill(list, state.range(0));
    for (auto _ : state) {
        list.make_room(kListSetting, kText.size(), 1);
        list.push(End::Tail, kText);
        list.erase(list.first());
        list.settle(kListSetting);
    }
}
BENCHMARK(BM_ListPushAndPop)->Arg(10)->Arg(10000)->Arg(1000000);

void BM_ListAt(benchmark::State& state) {
    List list;
    fill(list, state.range(0));
    std::mt19937_64 random(7);
    for (auto _ : state) {
        const auto index = static_cast<int64_t>(random() % static_cast<uint64_t>(state.range(0)));
        ListRoom room;
        benchmark::DoNotOptimize(list.at(index, room));
    }
}
BENCHMARK(BM_ListAt)->Arg(10)->Arg(10000)->Arg(1000000);

void BM_ListInsertAndErase(benchmark::State& state) {
    List list;
    fill(list, state.range(0));
    std::mt19937_64 random(7);
    for (auto _ : state) {
        const auto index = static_cast<int64_t>(random() % static_cast<uint64_t>(state.range(0)));
        ListRoom room;
        list.insert(list.at(index, room), Side::Before, kText);
        list.erase(list.at(index, room));
    }
}
BENCHMARK(BM_ListInsertAndErase)->Arg(10000)->Arg(1000000);

void fill(Stream& stream, int64_t count) {
    const std::string_view pairs[] = {"sensor", "7", "temperature", "19.25", "humidity", "61"};
    for (int64_t i = 0; i < count; ++i) {
        StreamId id = stream.last_id();
        id.ms += 3;
        stream.append(id, pairs, {});
    }
}

void BM_StreamAppend(benchmark::State& state) {
    for (auto _ : state) {
        const auto stream = std::make_unique<Stream>();  // Its size is that of its allocation.
        fill(*stream, state.range(0));
        state.counters["bytes/entry"] =
            static_cast<double>(stream->memory_bytes(0)) / static_cast<double>(state.range(0));
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_StreamAppend)->Arg(1000)->Arg(100000);

void BM_StreamRange100(benchmark::State& state) {
    Stream stream;
    fill(stream, state.range(0));
    std::mt19937_64 random(7);
    for (auto _ : state) {
        auto cursor = stream.seek({random() % (3 * static_cast<uint64_t>(state.range(0))), 0});
        for (int i = 0; i < 100 && cursor; ++i, cursor = stream.next(cursor)) {
            stream.for_each_pair(cursor, [](std::string_view field, std::string_view value) {
                benchmark::DoNotOptimize(field);
                benchmark::DoNotOptimize(value);
            });
        }
    }
    state.SetItemsProcessed(state.iterations() * 100);
}
BENCHMARK(BM_StreamRange100)->Arg(1000)->Arg(100000);

}  // namespace
}  // namespace millrace::values
