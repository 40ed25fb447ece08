// SPDX-License-Identifier: BSD-3-Clause
//
// The picture of LATENCY GRAPH, byte for byte as Valkey draws it, and the figures of DOCTOR.

#include "admin/latency_report.h"

#include <gtest/gtest.h>

#include "admin/latency_histogram.h"

namespace millrace::admin {
namespace {

observe::LatencyMonitor monitor_with(std::initializer_list<std::pair<int64_t, int64_t>> samples) {
    observe::LatencyMonitor monitor;
    monitor.set_threshold_ms(1);
    for (const auto& [second, milliseconds] : samples) {
        monitor.record("command", second, milliseconds);
    }
    return monitor;
}

TEST(LatencyReportTest, DrawsBarsAndAges) {
    const auto monitor = monitor_with({{98, 50}, {99, 300}, {100, 12}});
    EXPECT_EQ(draw_latency("command", monitor.events().at("command"), 100),
              "command - high 300 ms, low 12 ms (all time high 300 ms)\n" + std::string(80, '-') +
                  "\n # \n | \n | \no|_\n   \n210\nsss\n");
}

TEST(LatencyReportTest, EqualSamplesLieOnTheGround) {
    const auto monitor = monitor_with({{1, 7}, {4000, 7}});
    const std::string picture = draw_latency("x", monitor.events().at("command"), 7261);
    EXPECT_EQ(picture.substr(picture.find("-\n") + 2), "  \n  \n  \n__\n  \n25\nh4\n m\n");
}

TEST(LatencyReportTest, ManySamplesTakeSeveralBlocks) {
    observe::LatencyMonitor monitor;
    monitor.set_threshold_ms(1);
    for (int64_t second = 1; second <= 100; ++second) monitor.record("x", second, second);
    const std::string picture = draw_latency("x", monitor.events().at("x"), 100);
    EXPECT_NE(picture.find("\n\n"), std::string::npos);
    for (size_t from = 0; from < picture.size();) {
        const size_t end = picture.find('\n', from);
        EXPECT_LE(end - from, 80u);
        from = end + 1;
    }
}

TEST(LatencyReportTest, Analyses) {
    const auto monitor = monitor_with({{98, 50}, {99, 300}, {100, 12}});
    const LatencyAnalysis found = analyse(monitor.events().at("command"), 100);
    EXPECT_EQ(found.samples, 3);
    EXPECT_EQ(found.mean_ms, 120);
    EXPECT_EQ(found.deviation_ms, 119);
    EXPECT_NEAR(found.period_seconds, 0.67, 0.01);
    EXPECT_EQ(found.highest_ms, 300);
}

TEST(LatencyReportTest, DiagnosisDependsOnWhatIsKnown) {
    const auto monitor = monitor_with({{98, 50}});
    EXPECT_NE(diagnose_latency({}, 0, 100).find("latency-monitor-threshold"), std::string::npos);
    EXPECT_NE(diagnose_latency({}, 10, 100).find("10 ms"), std::string::npos);
    const std::string text = diagnose_latency(monitor.events(), 10, 100);
    EXPECT_NE(text.find("1. command: 1 latency spikes"), std::string::npos);
    EXPECT_NE(text.find("SLOWLOG"), std::string::npos);
}

TEST(LatencyHistogramTest, ShowsOnlyStepsThatAddSomething) {
    observe::Histogram histogram;
    EXPECT_TRUE(cumulative_counts(histogram).empty());
    histogram.record(100);
    histogram.record(3000);
    histogram.record(3500);
    histogram.record(16000000);
    histogram.record(UINT64_MAX);
    const std::vector<std::pair<int64_t, uint64_t>> expected = {
        {1, 1}, {4, 3}, {16908, 4}, {69256347, 5}};
    EXPECT_EQ(cumulative_counts(histogram), expected);
}

}  // namespace
}  // namespace millrace::admin
