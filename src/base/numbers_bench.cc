// SPDX-License-Identifier: BSD-3-Clause
#include <benchmark/benchmark.h>

#include <string>

#include "base/numbers.h"

namespace millrace {
namespace {

void parse_integer_of(benchmark::State& state, const std::string& text) {
    std::string_view view = text;
    for (auto _ : state) {
        benchmark::DoNotOptimize(view);
        benchmark::DoNotOptimize(parse_integer(view));
    }
}

void format_integer_of(benchmark::State& state, int64_t value) {
    char text[kIntegerCharsMax];
    for (auto _ : state) {
        benchmark::DoNotOptimize(value);
        benchmark::DoNotOptimize(format_integer(text, value));
    }
}

void format_double_of(benchmark::State& state, double value) {
    char text[kDoubleCharsMax];
    for (auto _ : state) {
        benchmark::DoNotOptimize(value);
        benchmark::DoNotOptimize(format_double(text, value));
    }
}

BENCHMARK_CAPTURE(parse_integer_of, one_digit, "7");
BENCHMARK_CAPTURE(parse_integer_of, six_digits, "123456");
BENCHMARK_CAPTURE(parse_integer_of, longest, "-9223372036854775808");
BENCHMARK_CAPTURE(parse_integer_of, word, "hello world");
BENCHMARK_CAPTURE(parse_integer_of, long_value, std::string(512, '1'));
BENCHMARK_CAPTURE(format_integer_of, small, 7);
BENCHMARK_CAPTURE(format_integer_of, long, INT64_MIN);
BENCHMARK_CAPTURE(format_double_of, whole, 42.0);
BENCHMARK_CAPTURE(format_double_of, fraction, 0.1);
BENCHMARK_CAPTURE(format_double_of, long, 1.0 / 3);

}  // namespace
}  // namespace millrace
