// SPDX-License-Identifier: BSD-3-Clause
//
// Lines in each format, whole lines from many threads, refused files.

#include "base/log.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

namespace millrace {
namespace {

constexpr log_detail::Moment kMoment{1795474423922, 15687};

std::string line(LogFormat format, LogTimestamp timestamp, std::string_view message,
                 LogRole role = LogRole::Primary, LogLevel level = LogLevel::Warning) {
    return log_detail::line(format, timestamp, role, level, kMoment, message);
}

class LogTest : public testing::Test {
protected:
    void SetUp() override { set_zone("UTC"); }
    void TearDown() override { set_zone("UTC"); }
    static void set_zone(const char* zone) {
        setenv("TZ", zone, 1);
        tzset();
    }
};

TEST_F(LogTest, LegacyLinesHaveTheShapeThatToolsRead) {
    EXPECT_EQ(line(LogFormat::Legacy, LogTimestamp::Legacy, "x"),
              "15687:M 23 Nov 2026 22:53:43.922 # x\n");
    EXPECT_EQ(
        line(LogFormat::Legacy, LogTimestamp::Iso8601, "x", LogRole::Replica, LogLevel::Notice),
        "15687:S 2026-11-23T22:53:43.922+00:00 * x\n");
    EXPECT_EQ(line(LogFormat::Legacy, LogTimestamp::Milliseconds, "a\nb\x01", LogRole::Child,
                   LogLevel::Verbose),
              "15687:C 1795474423922 - a\nb\x01\n");
    EXPECT_EQ(line(LogFormat::Legacy, LogTimestamp::Milliseconds, "x", LogRole::Sentinel,
                   LogLevel::Debug),
              "15687:X 1795474423922 . x\n");
}

TEST_F(LogTest, LogfmtReplacesWhatItCannotHold) {
    EXPECT_EQ(line(LogFormat::LogFmt, LogTimestamp::Legacy, "say \"a\\b\"\r\n\tc"),
              "pid=15687 role=primary timestamp=\"23 Nov 2026 22:53:43.922\" level=warning "
              "message=\"say 'a\\b'  \tc\"\n");
}

TEST_F(LogTest, JsonEscapes) {
    EXPECT_EQ(
        line(LogFormat::Json, LogTimestamp::Iso8601, "\"\\\n\r\t\b\f\x01\x1f\x7f\xff",
             LogRole::Child, LogLevel::Debug),
        "{\"pid\":15687,\"role\":\"RDB/AOF\",\"timestamp\":\"2026-11-23T22:53:43.922+00:00\","
        "\"level\":\"debug\",\"message\":\"\\\"\\\\\\n\\r\\t\\b\\f\\u0001\\u001f\x7f\xff\"}\n");
}

TEST_F(LogTest, ZonesWithHalfHoursWestOfGreenwich) {
    set_zone("NST3:30");
    EXPECT_EQ(line(LogFormat::Legacy, LogTimestamp::Iso8601, "x"),
              "15687:M 2026-11-23T19:23:43.922-03:30 # x\n");
}

TEST_F(LogTest, WritesWholeLinesFromManyThreadsIntoAFile) {
    char path[] = "/tmp/millrace_log_test_XXXXXX";
    const int file = mkstemp(path);
    ASSERT_GE(file, 0);
    close(file);
    ASSERT_TRUE(set_log_file(path).ok());
    set_log_level(LogLevel::Notice);
    log_verbose("not this one {}", 1);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([] {
            for (int n = 0; n < 50; ++n) log_notice("{}", std::string(2000, 'y'));
        });
    }
    for (std::thread& thread : threads) thread.join();
    ASSERT_TRUE(set_log_file("").ok());

    std::ifstream in(path);
    std::string text;
    int lines = 0;
    while (std::getline(in, text)) {
        ++lines;
        EXPECT_EQ(text.substr(text.size() - 1025), "* " + std::string(1023, 'y'));
    }
    EXPECT_EQ(lines, 200);
    unlink(path);
}

TEST_F(LogTest, AFileThatCannotBeOpenedIsRefused) {
    EXPECT_FALSE(set_log_file("/nonexistent/folder/log").ok());
    EXPECT_FALSE(open_syslog("millrace", "nonsense").ok());
}

}  // namespace
}  // namespace millrace
