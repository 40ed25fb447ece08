// SPDX-License-Identifier: BSD-3-Clause
#include "persistence/aof/command_reader.h"

#include <gtest/gtest.h>

#include <string>

#include "persistence/aof/log_encoder.h"

namespace millrace::persistence::aof {
namespace {

using Outcome = CommandReader::Outcome;

constexpr std::string_view kSet = "*3\r\n$3\r\nset\r\n$3\r\nfoo\r\n$5\r\nhello\r\n";

TEST(AofCommandReader, TakesCommandsAndAnnotations) {
    const std::string bytes = "#TS:1628217470\r\n" + std::string(kSet);
    CommandReader reader(bytes);
    ASSERT_EQ(reader.next(), Outcome::Annotation);
    EXPECT_EQ(timestamp_of(reader.text()), 1628217470);
    ASSERT_EQ(reader.next(), Outcome::Command);
    ASSERT_EQ(reader.words().size(), 3u);
    EXPECT_EQ(reader.words()[2], "hello");
    EXPECT_EQ(reader.offset(), bytes.size());
    EXPECT_EQ(reader.lines(), 8u);
    EXPECT_EQ(reader.next(), Outcome::End);
}

// Every prefix of a log is whole commands and one that is cut off.
TEST(AofCommandReader, KnowsWhatIsCutOff) {
    const std::string bytes = std::string(kSet) + std::string(kSet);
    for (size_t size = 0; size <= bytes.size(); ++size) {
        CommandReader reader(std::string_view(bytes).substr(0, size));
        size_t commands = 0;
        Outcome outcome;
        while ((outcome = reader.next()) == Outcome::Command) ++commands;
        EXPECT_EQ(commands, size / kSet.size());
        EXPECT_EQ(outcome, size % kSet.size() == 0 ? Outcome::End : Outcome::CutOff) << size;
        EXPECT_EQ(reader.offset(), commands * kSet.size());
    }
}

TEST(AofCommandReader, RefusesWhatIsNoCommand) {
    for (std::string_view bytes :
         {"!!!", "*0\r\n", "*-1\r\n", "*1x\r\n", "*1\n", "*1\r\nx", "*1\r\n$-1\r\n",
          "*1\r\n$3\r\nsetX\r\n", "*99999999999999999999999\r\n", "*2147483648\r\n",
          "$1\r\na\r\n"}) {
        CommandReader reader(bytes);
        EXPECT_EQ(reader.next(), Outcome::Bad) << bytes;
        EXPECT_EQ(reader.offset(), 0u);
    }
}

TEST(AofCommandReader, AHugeLengthIsCutOffAndNothingIsAllocated) {
    CommandReader reader("*2147483647\r\n$1099511627776\r\nabc");
    EXPECT_EQ(reader.next(), Outcome::CutOff);
}

TEST(AofCommandReader, ReadsWhatTheEncoderWrites) {
    LogEncoder encoder;
    encoder.set_timestamps(true);
    const std::string_view set[] = {"SET", "key", std::string_view("\r\n\0", 3)};
    const std::string_view publish[] = {"PUBLISH", "a", "b"};
    const std::string_view del[] = {"DEL", ""};
    const engine::Effect one[] = {{0, set}, {0, publish, true}};
    const engine::Effect two[] = {{0, del}, {1, set}};
    const engine::Effect none[] = {{0, publish, true}};
    EXPECT_TRUE(encoder.add(one, 7));
    EXPECT_FALSE(encoder.add(none, 8));
    EXPECT_TRUE(encoder.add(two, 7));
    CommandReader reader(encoder.bytes().view());
    std::string seen;
    for (;;) {
        const Outcome outcome = reader.next();
        if (outcome == Outcome::Annotation) {
            seen += reader.text();
        } else if (outcome == Outcome::Command) {
            for (std::string_view word : reader.words()) seen += std::string(word) + " ";
        } else {
            EXPECT_EQ(outcome, Outcome::End);
            break;
        }
        seen += "|";
    }
    constexpr char kExpected[] =
        "#TS:7|SELECT 0 |SET key \r\n\0 |MULTI |DEL  |SELECT 1 |SET key \r\n\0 |EXEC |";
    EXPECT_EQ(seen, std::string(kExpected, sizeof kExpected - 1));
}

}  // namespace
}  // namespace millrace::persistence::aof
