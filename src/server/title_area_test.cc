// SPDX-License-Identifier: BSD-3-Clause
#include "server/title_area.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace millrace::server {
namespace {

// Arguments and environment as the kernel lays them out: "prog\0-x\0HOME=/h\0EDITOR=ed\0".
class TitleAreaTest : public testing::Test {
protected:
    TitleAreaTest() {
        static constexpr char kLayout[] = "prog\0-x\0HOME=/h\0EDITOR=ed";
        std::memcpy(memory_.data(), kLayout, sizeof kLayout);
        for (char** each = environ; *each != nullptr; ++each) saved_.emplace_back(*each);
        environ = variables_;
    }
    // The array that `environ` led to is gone if it was setenv()'s, which uses its own again.
    ~TitleAreaTest() override {
        clearenv();
        for (const std::string& each : saved_) {
            const size_t sign = each.find('=');
            setenv(each.substr(0, sign).c_str(), each.c_str() + sign + 1, 1);
        }
    }

    std::array<char, 64> memory_{};
    char* arguments_[3] = {memory_.data(), memory_.data() + 5, nullptr};
    char* variables_[3] = {memory_.data() + 8, memory_.data() + 16, nullptr};
    std::vector<std::string> saved_;
};

TEST_F(TitleAreaTest, ReplacesArgumentsAndEnvironment) {
    TitleArea area(2, arguments_);
    area.set("millrace *:6379");
    EXPECT_STREQ(memory_.data(), "millrace *:6379");
    EXPECT_EQ(area.original(), "prog");
    EXPECT_STREQ(std::getenv("HOME"), "/h");
    EXPECT_STREQ(std::getenv("EDITOR"), "ed");
}

TEST_F(TitleAreaTest, CutsWhatDoesNotFit) {
    TitleArea area(2, arguments_);
    memory_[26] = '!';
    area.set(std::string(100, 'x'));
    EXPECT_EQ(std::string(memory_.data()), std::string(25, 'x'));
    EXPECT_EQ(memory_[26], '!');
    area.set("y");
    EXPECT_STREQ(memory_.data(), "y");
}

TEST_F(TitleAreaTest, StopsAtAGap) {
    arguments_[1] = memory_.data() + 40;
    TitleArea area(2, arguments_);
    area.set("a long title");
    EXPECT_STREQ(memory_.data(), "a lo");
}

}  // namespace
}  // namespace millrace::server
