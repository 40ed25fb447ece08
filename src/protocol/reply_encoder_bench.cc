// SPDX-License-Identifier: BSD-3-Clause
#include <benchmark/benchmark.h>

#include <string>

#include "protocol/reply_encoder.h"

namespace millrace::protocol {
namespace {

template <typename Encode>
void encode_many(benchmark::State& state, Encode encode) {
    ByteBuffer out(64 * 1024);
    for (auto _ : state) {
        if (out.capacity() - out.size() < 1024) out.clear();
        encode(out);
        benchmark::DoNotOptimize(out.data());
    }
}

void encode_bulk_512(benchmark::State& state) {
    const std::string bytes(512, 'x');
    encode_many(state, [&](ByteBuffer& out) { encode_bulk(out, bytes); });
}

void encode_bulk_16(benchmark::State& state) {
    const std::string bytes(16, 'x');
    encode_many(state, [&](ByteBuffer& out) { encode_bulk(out, bytes); });
}

void encode_small_integer(benchmark::State& state) {
    encode_many(state, [](ByteBuffer& out) { encode_integer(out, 5); });
}

void encode_large_integer(benchmark::State& state) {
    encode_many(state, [](ByteBuffer& out) { encode_integer(out, 1234567890123); });
}

BENCHMARK(encode_bulk_512);
BENCHMARK(encode_bulk_16);
BENCHMARK(encode_small_integer);
BENCHMARK(encode_large_integer);

}  // namespace
}  // namespace millrace::protocol
