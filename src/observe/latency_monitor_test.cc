// SPDX-License-Identifier: BSD-3-Clause
//
// Samples a second, the ring, sums, reset.

#include "observe/latency_monitor.h"

#include <gtest/gtest.h>

#include <vector>

namespace millrace::observe {
namespace {

std::vector<int64_t> lengths(const LatencyEvent& event) {
    std::vector<int64_t> found;
    event.for_each([&](const LatencySample& sample) { found.push_back(sample.milliseconds); });
    return found;
}

TEST(LatencyMonitorTest, OffUntilAThresholdIsSet) {
    LatencyMonitor monitor;
    monitor.record("command", 1, 1000);
    EXPECT_TRUE(monitor.events().empty());
    monitor.set_threshold_ms(10);
    monitor.record("command", 1, 9);
    EXPECT_TRUE(monitor.events().empty());
    monitor.record("command", 1, 10);
    EXPECT_EQ(monitor.events().size(), 1u);
}

TEST(LatencyMonitorTest, OneSampleASecondKeepsTheLongest) {
    LatencyMonitor monitor;
    monitor.set_threshold_ms(1);
    monitor.record("command", 5, 20);
    monitor.record("command", 5, 50);
    monitor.record("command", 5, 30);
    monitor.record("command", 6, 12);
    const LatencyEvent& event = monitor.events().at("command");
    EXPECT_EQ(lengths(event), (std::vector<int64_t>{50, 12}));
    EXPECT_EQ(event.latest().unix_seconds, 6);
    EXPECT_EQ(event.latest().milliseconds, 12);
    EXPECT_EQ(event.highest_ms, 50);
    EXPECT_EQ(event.sum_ms, 112);
    EXPECT_EQ(event.count, 4);
}

TEST(LatencyMonitorTest, TheOldestSamplesMakeRoom) {
    LatencyMonitor monitor;
    monitor.set_threshold_ms(1);
    for (int64_t second = 1; second <= 200; ++second) monitor.record("x", second, second);
    const std::vector<int64_t> found = lengths(monitor.events().at("x"));
    ASSERT_EQ(found.size(), LatencyEvent::kSamples);
    EXPECT_EQ(found.front(), 41);
    EXPECT_EQ(found.back(), 200);
}

TEST(LatencyMonitorTest, ResetTellsHowManyItRemoved) {
    LatencyMonitor monitor;
    monitor.set_threshold_ms(1);
    monitor.record("a", 1, 1);
    monitor.record("b", 1, 1);
    monitor.record("c", 1, 1);
    EXPECT_EQ(monitor.reset("nosuch"), 0);
    EXPECT_EQ(monitor.reset("a"), 1);
    EXPECT_EQ(monitor.reset(""), 2);
    EXPECT_TRUE(monitor.events().empty());
}

}  // namespace
}  // namespace millrace::observe
