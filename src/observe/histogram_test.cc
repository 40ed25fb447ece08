// SPDX-License-Identifier: BSD-3-Clause
//
// Steps, percentiles and cumulative counts.

#include "observe/histogram.h"

#include <gtest/gtest.h>

namespace millrace::observe {
namespace {

TEST(HistogramTest, EmptyKnowsNothing) {
    const Histogram empty;
    EXPECT_EQ(empty.total(), 0u);
    EXPECT_EQ(empty.percentile(50), 0u);
    EXPECT_EQ(empty.highest(), 0u);
    EXPECT_EQ(empty.count_to(UINT64_MAX), 0u);
}

TEST(HistogramTest, ValuesAreKnownToSixPercent) {
    for (uint64_t value : {0ull, 1ull, 15ull, 16ull, 17ull, 31ull, 1000ull, 123456ull, 1ull << 30,
                           (1ull << 36) - 1}) {
        Histogram one;
        one.record(value);
        EXPECT_GE(one.highest(), value);
        EXPECT_LE(one.highest(), value + value / 16);
        EXPECT_EQ(one.percentile(50), one.highest());
    }
}

TEST(HistogramTest, LargeValuesCountInTheLastStep) {
    Histogram histogram;
    histogram.record(UINT64_MAX);
    EXPECT_EQ(histogram.highest(), (uint64_t{1} << 36) - 1);
    EXPECT_EQ(histogram.count_to(UINT64_MAX), 1u);
}

TEST(HistogramTest, CountsUpToPowersOfTwoAreExact) {
    Histogram histogram;
    histogram.record(1023);
    histogram.record(1024);
    histogram.record(2047);
    histogram.record(2048);
    EXPECT_EQ(histogram.count_to(1023), 1u);
    EXPECT_EQ(histogram.count_to(2047), 3u);
    EXPECT_EQ(histogram.count_to(4095), 4u);
}

TEST(HistogramTest, PercentilesAreOrderedAndReachTheHighest) {
    Histogram histogram;
    for (uint64_t value = 1; value <= 1000; ++value) histogram.record(value * 100);
    const uint64_t median = histogram.percentile(50);
    EXPECT_GE(median, 50000u);
    EXPECT_LE(median, 54000u);
    EXPECT_GE(histogram.percentile(99), 99000u);
    EXPECT_EQ(histogram.percentile(100), histogram.highest());
    EXPECT_EQ(histogram.percentile(0), histogram.percentile(0.01));
    histogram.clear();
    EXPECT_EQ(histogram.total(), 0u);
}

}  // namespace
}  // namespace millrace::observe
