// SPDX-License-Identifier: BSD-3-Clause
//
// Experiment 4: what waiting costs. A futex wake at the waker and the delay until the woken thread
// runs, a turn of a pause loop, and how much a thread that waits by spinning, yielding or parking
// takes from a working thread that shares its core.

#include <benchmark/benchmark.h>
#include <linux/futex.h>
#include <sys/syscall.h>

#include <atomic>

#include "measuring.h"

namespace millrace::experiments {
namespace {

long futex(std::atomic<uint32_t>& word, int operation, uint32_t value) {
    return syscall(SYS_futex, &word, operation, value, nullptr, nullptr, 0);
}
void futex_wait(std::atomic<uint32_t>& word, uint32_t value) {
    futex(word, FUTEX_WAIT_PRIVATE, value);
}
void futex_wake(std::atomic<uint32_t>& word) {
    futex(word, FUTEX_WAKE_PRIVATE, 1);
}

void wait_us(int64_t micros) {
    const int64_t until = wall_ns() + micros * 1000;
    while (wall_ns() < until) relax();
}

// The sleeper parks; after `quiet` microseconds it is woken from core 0.
void wake(benchmark::State& state) {
    const auto core = static_cast<int>(state.range(0));
    const int64_t quiet = state.range(1);
    std::atomic<uint32_t> word{0};
    std::atomic<int64_t> woken_at{0};
    std::atomic<bool> stop{false};
    std::thread sleeper([&] {
        pin_to_core(core);
        for (uint32_t seen = 0; !stop.load();) {
            while (word.load() == seen) futex_wait(word, seen);
            woken_at.store(wall_ns());
            seen = word.load();
        }
    });
    pin_to_core(0);
    std::vector<double> at_waker;
    std::vector<double> delay;
    for (auto _ : state) {
        wait_us(quiet);
        woken_at.store(0);
        word.fetch_add(1);
        const int64_t begin = wall_ns();
        futex_wake(word);
        const int64_t end = wall_ns();
        int64_t there;
        while ((there = woken_at.load()) == 0) sched_yield();
        at_waker.push_back(static_cast<double>(end - begin));
        delay.push_back(static_cast<double>(there - begin));
    }
    stop.store(true);
    word.fetch_add(1);
    futex_wake(word);
    sleeper.join();
    state.counters["waker_ns"] = median(at_waker);
    state.counters["delay_ns"] = median(delay);
    state.counters["delay_p90_ns"] = percentile(delay, 0.9);
}
BENCHMARK(wake)
    ->ArgNames({"core", "quiet_us"})
    ->Args({1, 20})
    ->Args({1, 200})
    ->Args({1, 2000})
    ->Args({0, 20})
    ->UseRealTime();

// A wake for which nobody waits: what a needless one costs.
void wake_nobody(benchmark::State& state) {
    pin_to_core(0);
    std::atomic<uint32_t> word{0};
    for (auto _ : state) futex_wake(word);
}
BENCHMARK(wake_nobody);

void pause_turn(benchmark::State& state) {
    pin_to_core(0);
    for (auto _ : state) relax();
}
BENCHMARK(pause_turn);

// One look at eight empty rings: eight lines that nobody writes, then a pause.
void look_at_rings_turn(benchmark::State& state) {
    pin_to_core(0);
    struct alignas(128) Line {
        std::atomic<uint64_t> tail{0};
    };
    std::vector<Line> lines(8);
    for (auto _ : state) {
        uint64_t sum = 0;
        for (Line& line : lines) sum += line.tail.load(std::memory_order_acquire);
        benchmark::DoNotOptimize(sum);
        relax();
    }
}
BENCHMARK(look_at_rings_turn);

void clock_read(benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(wall_ns());
}
BENCHMARK(clock_read);

void yield_alone(benchmark::State& state) {
    pin_to_core(0);
    for (auto _ : state) sched_yield();
}
BENCHMARK(yield_alone);

enum class Waiting : int { Pause, Yield, SpinThenPark };

void wait_for_work(Waiting how, std::atomic<uint32_t>& word, std::atomic<bool>& stop) {
    pin_to_core(0);
    while (!stop.load(std::memory_order_relaxed)) {
        switch (how) {
            case Waiting::Pause:
                relax();
                break;
            case Waiting::Yield:
                sched_yield();
                break;
            case Waiting::SpinThenPark: {
                const uint32_t seen = word.load();
                const int64_t until = wall_ns() + 20'000;
                while (wall_ns() < until && word.load() == seen) relax();
                if (word.load() == seen) futex_wait(word, seen);
                break;
            }
        }
    }
}

uint64_t work_for_a_while() {
    uint64_t sum = 1;
    const uint64_t turns = tiny() ? 100'000 : 20'000'000;
    for (uint64_t i = 0; i < turns; ++i) sum = sum * 6364136223846793005ULL + i;
    return sum;
}

// Wall time of a fixed piece of work on a core that `waiters` threads share; a parked one is woken
// now and then.
void beside_waiters(benchmark::State& state) {
    const auto how = static_cast<Waiting>(state.range(0));
    std::atomic<uint32_t> word{0};
    std::atomic<bool> stop{false};
    std::vector<std::thread> waiters;
    for (int64_t i = 0; i < state.range(1); ++i)
        waiters.emplace_back([&] { wait_for_work(how, word, stop); });
    pin_to_core(0);
    std::vector<double> wall;
    for (auto _ : state) {
        const int64_t begin = wall_ns();
        benchmark::DoNotOptimize(work_for_a_while());
        wall.push_back(static_cast<double>(wall_ns() - begin) / 1e6);
        word.fetch_add(1);
        futex(word, FUTEX_WAKE_PRIVATE, 100);
    }
    stop.store(true);
    word.fetch_add(1);
    futex(word, FUTEX_WAKE_PRIVATE, 100);
    for (std::thread& waiter : waiters) waiter.join();
    state.counters["wall_ms"] = median(wall);
}
BENCHMARK(beside_waiters)
    ->ArgNames({"how", "waiters"})
    ->Args({0, 0})
    ->Args({0, 3})
    ->Args({1, 3})
    ->Args({2, 3})
    ->UseRealTime();

}  // namespace
}  // namespace millrace::experiments
