// SPDX-License-Identifier: BSD-3-Clause
#include "server/open_files.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

namespace millrace::server {
namespace {

TEST(OpenFiles, RaisesTheLimitWithinTheHardOne) {
    rlimit before{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    const rlimit low{.rlim_cur = 64, .rlim_max = before.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
    EXPECT_EQ(make_room_for_clients(100).value(), 100);
    rlimit after{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &after), 0);
    EXPECT_GE(after.rlim_cur, 132u);
    EXPECT_EQ(make_room_for_clients(10).value(), 10);  // Never lowers it.
    rlimit unchanged{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &unchanged), 0);
    EXPECT_EQ(unchanged.rlim_cur, after.rlim_cur);
    setrlimit(RLIMIT_NOFILE, &before);
}

TEST(OpenFiles, FewerClientsWhereTheSystemSaysNo) {
    // More than the kernel allows anybody.
    const int64_t absurd = int64_t{1} << 40;
    const int64_t fitting = make_room_for_clients(absurd).value();
    EXPECT_LT(fitting, absurd);
    EXPECT_GT(fitting, 0);
}

}  // namespace
}  // namespace millrace::server
