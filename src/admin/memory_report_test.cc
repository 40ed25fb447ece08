// SPDX-License-Identifier: BSD-3-Clause
//
// What MEMORY DOCTOR notices, and the picture of LOLWUT.

#include "admin/memory_report.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "admin/mill_picture.h"

namespace millrace::admin {
namespace {

constexpr uint64_t kMegabyte = 1024 * 1024;

MemoryOverview healthy() {
    MemoryOverview memory;
    memory.used = 100 * kMegabyte;
    memory.peak = 110 * kMegabyte;
    memory.resident = 108 * kMegabyte;
    memory.startup = 10 * kMegabyte;
    memory.overhead = 40 * kMegabyte;
    memory.dataset = 60 * kMegabyte;
    memory.keys = 90;
    memory.allocator = {100 * kMegabyte, 102 * kMegabyte, 105 * kMegabyte, 0};
    return memory;
}

TEST(MemoryReportTest, SilentWhenAllIsWell) {
    EXPECT_EQ(diagnose_memory(healthy()), "Memory is used well; nothing stands out.\n");
    MemoryOverview small;
    small.used = kMegabyte;
    EXPECT_NE(diagnose_memory(small).find("too little data"), std::string::npos);
}

TEST(MemoryReportTest, NamesWhatStandsOut) {
    MemoryOverview memory = healthy();
    memory.peak = 200 * kMegabyte;
    memory.clients = 3 * kMegabyte;
    memory.client_count = 2;
    memory.allocator.active = 150 * kMegabyte;
    memory.allocator.resident = 300 * kMegabyte;
    memory.resident = 400 * kMegabyte;
    const std::string text = diagnose_memory(memory);
    for (const char* word :
         {"peak", "allocator_frag_ratio", "allocator_rss_ratio", "rss_overhead_ratio", "tot-mem"}) {
        EXPECT_NE(text.find(word), std::string::npos) << word;
    }
}

// The suite of Valkey looks for that much, whichever allocator it is.
TEST(MemoryReportTest, NamesTheAllocator) {
    const std::string text = describe_allocator(healthy(), "libc");
    EXPECT_NE(text.find("libc"), std::string::npos);
    EXPECT_NE(text.find("alloc"), std::string::npos);
}

TEST(MemoryOverviewTest, Shares) {
    const MemoryOverview memory = healthy();
    EXPECT_NEAR(memory.dataset_percent(), 66.67, 0.01);
    EXPECT_NEAR(memory.peak_percent(), 90.91, 0.01);
    EXPECT_EQ(memory.bytes_per_key(), kMegabyte);
    EXPECT_EQ(MemoryOverview().bytes_per_key(), 0u);
    EXPECT_EQ(ratio(1, 0), 0.0);
}

TEST(MillPictureTest, HasTheSizeThatWasAskedFor) {
    const std::string picture = draw_mill(30, 9, 0.5);
    EXPECT_EQ(picture.size(), 31u * 9);
    EXPECT_EQ(std::count(picture.begin(), picture.end(), '\n'), 9);
    EXPECT_NE(picture.find('@'), std::string::npos);
    EXPECT_EQ(draw_mill(-5, 0, 0), draw_mill(1, 1, 0));
    EXPECT_EQ(draw_mill(INT64_MAX, 1, 0).size(), 1001u);
}

}  // namespace
}  // namespace millrace::admin
