// SPDX-License-Identifier: BSD-3-Clause
#include "threads/cpu_list.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <vector>

#include "base/core_mask.h"

namespace millrace::threads {
namespace {

TEST(CpuList, NamesCores) {
    EXPECT_EQ(parse_cpu_list("0"), std::vector({0}));
    EXPECT_EQ(parse_cpu_list("0-3"), std::vector({0, 1, 2, 3}));
    EXPECT_EQ(parse_cpu_list("0,2,4-5"), std::vector({0, 2, 4, 5}));
    EXPECT_EQ(parse_cpu_list("1-7:3,0"), std::vector({1, 4, 7, 0}));
}

TEST(CpuList, RefusesWhatIsNone) {
    for (const char* text : {"", "a", "1-", "-1", "3-1", "1,", "1 2", "0-3:0", "99999", "0x1"}) {
        EXPECT_FALSE(parse_cpu_list(text)) << text;
    }
}

TEST(CpuList, KeepsTheThreadThere) {
    EXPECT_FALSE(stay_on("nowhere"));
    const CoreMask before;
    EXPECT_TRUE(stay_on("0"));
    EXPECT_EQ(::sched_getcpu(), 0);
    before.apply();
}

}  // namespace
}  // namespace millrace::threads
