// SPDX-License-Identifier: BSD-3-Clause
#include "server/memory_ceiling.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace millrace::server {
namespace {

class MemoryCeilingTest : public testing::Test {
protected:
    MemoryCeilingTest() {
        root_ = std::filesystem::temp_directory_path() /
                ("memory_ceiling_test." + std::to_string(getpid()));
    }
    ~MemoryCeilingTest() override { std::filesystem::remove_all(root_); }
    void write(const std::string& path, const std::string& text) {
        std::filesystem::create_directories((root_ / path).parent_path());
        std::ofstream(root_ / path) << text;
    }
    std::filesystem::path root_;
};

TEST_F(MemoryCeilingTest, TheSmallestLimitUpToTheRootCounts) {
    write("a/memory.max", "1000000\n");
    write("a/b/memory.max", "max\n");
    write("a/b/c/memory.max", "2000000\n");
    EXPECT_EQ(control_group_limit("0::/a/b/c\n", root_), 1000000u);
    EXPECT_EQ(control_group_limit("0::/a/b\n", root_), 1000000u);
    EXPECT_EQ(control_group_limit("0::/\n", root_), 0u);
}

TEST_F(MemoryCeilingTest, KnowsTheFirstVersion) {
    write("memory/g/memory.limit_in_bytes", "4096000\n");
    write("memory/memory.limit_in_bytes", "9223372036854771712\n");
    EXPECT_EQ(control_group_limit("5:cpu:/x\n4:memory,other:/g\n", root_), 4096000u);
    EXPECT_EQ(control_group_limit("4:memory:/\n", root_), 0u);
}

TEST_F(MemoryCeilingTest, IsNotConfusedByOtherLines) {
    EXPECT_EQ(control_group_limit("", root_), 0u);
    EXPECT_EQ(control_group_limit("nonsense\n1:\n", root_), 0u);
}

TEST(MemoryWarnings, NameWhatIsWrong) {
    MemorySurroundings good{.ceiling = 1000, .overcommit = "0\n", .huge_pages = "[madvise] never"};
    EXPECT_TRUE(memory_warnings(good, 0).empty());
    EXPECT_TRUE(memory_warnings(good, 1000).empty());
    EXPECT_EQ(memory_warnings(good, 1001).size(), 1u);
    good.in_group = true;
    EXPECT_EQ(memory_warnings(good, 0).size(), 1u);
    good.overcommit = "2\n";
    good.huge_pages = "always madvise [never]\n";
    EXPECT_EQ(memory_warnings(good, 500).size(), 2u);
}

TEST(AutomaticMemoryLimit, IsBelowWhatTheMachineHas) {
    EXPECT_GT(automatic_memory_limit(), 0u);
}

}  // namespace
}  // namespace millrace::server
