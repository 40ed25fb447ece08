// SPDX-License-Identifier: BSD-3-Clause
#include <benchmark/benchmark.h>

#include <string>

#include "protocol/request_parser.h"

namespace millrace::protocol {
namespace {

class NoSink : public BigArgumentSink {
public:
    char* begin(std::span<const std::string_view>, size_t, size_t) override { return nullptr; }
};

std::string bulk(std::string_view bytes) {
    return "$" + std::to_string(bytes.size()) + "\r\n" + std::string(bytes) + "\r\n";
}

void parse_pipeline(benchmark::State& state, const std::string& pipeline) {
    RequestParser parser;
    NoSink sink;
    const RequestLimits limits;
    int64_t requests = 0;
    for (auto _ : state) {
        std::string_view input = pipeline;
        while (!input.empty()) {
            if (parser.parse(input, limits, sink) != RequestParser::Outcome::Request) std::abort();
            benchmark::DoNotOptimize(parser.arguments().back().size());
            input.remove_prefix(parser.consumed());
            ++requests;
        }
    }
    state.counters["per_request"] = benchmark::Counter(
        static_cast<double>(requests), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void set_512(benchmark::State& state) {
    std::string pipeline;
    for (int i = 0; i < 16; ++i) {
        pipeline += "*3\r\n" + bulk("SET") + bulk("key:000000000" + std::to_string(100 + i)) +
                    bulk(std::string(512, 'x'));
    }
    parse_pipeline(state, pipeline);
}

void get(benchmark::State& state) {
    std::string pipeline;
    for (int i = 0; i < 16; ++i) {
        pipeline += "*2\r\n" + bulk("GET") + bulk("key:000000000" + std::to_string(100 + i));
    }
    parse_pipeline(state, pipeline);
}

void mixed_lengths(benchmark::State& state) {
    std::string pipeline;
    uint32_t random = 1;
    for (int i = 0; i < 256; ++i) {
        random = random * 1664525 + 1013904223;
        pipeline += "*3\r\n" + bulk("SET") + bulk(std::string(5 + (random >> 24) % 20, 'k')) +
                    bulk(std::string((random >> 16) % 1200, 'x'));
    }
    parse_pipeline(state, pipeline);
}

void inline_ping(benchmark::State& state) {
    std::string pipeline;
    for (int i = 0; i < 16; ++i) pipeline += "PING\r\n";
    parse_pipeline(state, pipeline);
}

BENCHMARK(set_512);
BENCHMARK(get);
BENCHMARK(mixed_lengths);
BENCHMARK(inline_ping);

}  // namespace
}  // namespace millrace::protocol
