// SPDX-License-Identifier: BSD-3-Clause
#include "base/core_mask.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

TEST(CoreMask, LeavesOutACoreIfThereAreOthers) {
    const CoreMask before;
    const int core = ::sched_getcpu();
    cpu_set_t all;
    ASSERT_EQ(::sched_getaffinity(0, sizeof all, &all), 0);
    EXPECT_EQ(before.apply_without(core), CPU_COUNT(&all) > 1);
    if (CPU_COUNT(&all) > 1) {
        EXPECT_NE(::sched_getcpu(), core);
    }
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<size_t>(core), &one);
    ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
    const CoreMask only;
    EXPECT_FALSE(only.apply_without(core));
    EXPECT_EQ(::sched_getcpu(), core);
    before.apply();
}

}  // namespace
}  // namespace millrace
