// SPDX-License-Identifier: BSD-3-Clause
#include "server/title_area.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <string>

namespace millrace::server {
namespace {

// Arguments and environment as the kernel lays them out: "prog\0-x\0HOME=/h\0EDITOR=ed\0".
class TitleAreaTest : public testing::Test {
protected:
    TitleAreaTest() {
        static constexpr char kLayout[] = "prog\0-x\0HOME=/h\0EDITOR=ed";
        std::memcpy(memory_.data(), kLayout, sizeof kLayout);
        saved_ = environ;
        environ = variables_;
    }
    ~TitleAreaTest() override {
        clearenv();
        environ = saved_;
    }

    std::array<char, 64> memory_{};
    char* arguments_[3] = {memory_.data(), memory_.data() + 5, nullptr};
    char* variables_[3] = {memory_.data() + 8, memory_.data() + 16, nullptr};
    char** saved_ = nullptr;
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
