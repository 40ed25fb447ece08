// SPDX-License-Identifier: BSD-3-Clause
#include "server/oom_score.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <string>

namespace millrace::server {
namespace {

class OomScoreTest : public testing::Test {
protected:
    OomScoreTest() { set(5); }
    ~OomScoreTest() override { unlink(path_.c_str()); }
    void set(int score) { std::ofstream(path_) << score << "\n"; }
    int current() const {
        int score = -9999;
        std::ifstream(path_) >> score;
        return score;
    }

    const std::string path_ = "/tmp/millrace_oom_" + std::to_string(getpid());
    OomScore score_{path_};
    const OomScores values_{10, 20, 30};
};

TEST_F(OomScoreTest, LeavesTheScoreAloneUntilAsked) {
    EXPECT_TRUE(score_.apply(OomScoreAdj::No, values_, ProcessClass::Primary).ok());
    EXPECT_EQ(current(), 5);
}

TEST_F(OomScoreTest, RelativeValuesAddToTheScoreFromBefore) {
    EXPECT_TRUE(score_.apply(OomScoreAdj::Relative, values_, ProcessClass::Primary).ok());
    EXPECT_EQ(current(), 15);
    EXPECT_TRUE(score_.apply(OomScoreAdj::Relative, values_, ProcessClass::Replica).ok());
    EXPECT_EQ(current(), 25);
    EXPECT_TRUE(score_.apply(OomScoreAdj::Relative, {1500, 0, 0}, ProcessClass::Primary).ok());
    EXPECT_EQ(current(), 1000);
}

TEST_F(OomScoreTest, NoGoesBack) {
    EXPECT_TRUE(score_.apply(OomScoreAdj::Absolute, values_, ProcessClass::Background).ok());
    EXPECT_EQ(current(), 30);
    EXPECT_TRUE(score_.apply(OomScoreAdj::No, values_, ProcessClass::Primary).ok());
    EXPECT_EQ(current(), 5);
    // What others set meanwhile is the new base.
    set(7);
    EXPECT_TRUE(score_.apply(OomScoreAdj::Relative, values_, ProcessClass::Primary).ok());
    EXPECT_EQ(current(), 17);
}

TEST_F(OomScoreTest, FailureIsReported) {
    OomScore broken("/nonexistent/oom_score_adj");
    const Status status = broken.apply(OomScoreAdj::Relative, values_, ProcessClass::Primary);
    EXPECT_EQ(status.error().text(), "Failed to set current oom_score_adj. Check server logs.");
    EXPECT_TRUE(broken.apply(OomScoreAdj::No, values_, ProcessClass::Primary).ok());
}

}  // namespace
}  // namespace millrace::server
