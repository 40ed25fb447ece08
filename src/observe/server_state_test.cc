// SPDX-License-Identifier: BSD-3-Clause
//
// Rates, counters of threads, and what a reset leaves alone.

#include "observe/server_state.h"

#include <gtest/gtest.h>

namespace millrace::observe {
namespace {

TEST(RateMeterTest, TheFirstSampleOnlySetsTheBase) {
    RateMeter meter;
    meter.sample(1000, 1000000, 1000000);
    EXPECT_EQ(meter.mean(), 0u);
}

TEST(RateMeterTest, MeanOfSixteenSamples) {
    RateMeter meter;
    for (uint64_t i = 1; i <= 17; ++i) meter.sample(i * 50, i * 100000, 1000000);
    EXPECT_EQ(meter.mean(), 500u);
    // A pause counts as zero, and after 16 of them nothing is left.
    meter.sample(17 * 50, 18 * 100000, 1000000);
    EXPECT_EQ(meter.mean(), 468u);
    for (uint64_t i = 19; i < 19 + 16; ++i) meter.sample(17 * 50, i * 100000, 1000000);
    EXPECT_EQ(meter.mean(), 0u);
}

TEST(RateMeterTest, AResetReadingIsNoGrowth) {
    RateMeter meter;
    meter.sample(1000, 100, 1);
    meter.sample(10, 200, 1);
    EXPECT_EQ(meter.mean(), 0u);
    meter.sample(20, 200, 1);
    EXPECT_EQ(meter.mean(), 0u);
}

TEST(ThreadUsagesTest, SumsAndResets) {
    ThreadUsages threads;
    threads.main().reads.add(2);
    ThreadUsage& third = threads.use(2);
    third.reads.add(5);
    third.active_nanoseconds.add(7);
    EXPECT_EQ(threads.size(), 3u);
    EXPECT_EQ(threads.total(&ThreadUsage::reads), 7u);
    EXPECT_EQ(threads.io_total(&ThreadUsage::reads), 5u);
    threads.reset();
    third.reads.add(1);
    EXPECT_EQ(threads.total(&ThreadUsage::reads), 1u);
    EXPECT_EQ(threads[2].active_nanoseconds.read(), 7u);
    EXPECT_EQ(&threads.use(2), &third);
}

TEST(ServerStateTest, ResetKeepsLevels) {
    ServerState state;
    state.net.connections_received = 3;
    state.net.connections = 2;
    state.loop.cycles = 9;
    state.memory.note(100, 5);
    state.memory.note(50, 6);
    state.reset_statistics();
    EXPECT_EQ(state.net.connections_received, 0u);
    EXPECT_EQ(state.net.connections, 2u);
    EXPECT_EQ(state.loop.cycles, 0u);
    EXPECT_EQ(state.memory.peak_bytes, 100u);
    EXPECT_EQ(state.memory.peak_unix_seconds, 5);
}

TEST(ServerStateTest, SamplesRates) {
    ServerState state;
    for (int64_t tick = 1; tick <= 17; ++tick) {
        state.threads.main().input_bytes.add(1024);
        state.loop.cycles += 10;
        state.loop.duration_us += 500;
        state.sample_rates(tick * 100000, static_cast<uint64_t>(tick) * 100);
    }
    EXPECT_EQ(state.rates.commands.mean(), 1000u);
    EXPECT_EQ(state.rates.input_bytes.mean(), 10240u);
    EXPECT_EQ(state.rates.loop_cycles.mean(), 100u);
    EXPECT_EQ(state.rates.loop_duration_us.mean(), 50u);
}

}  // namespace
}  // namespace millrace::observe
