// SPDX-License-Identifier: BSD-3-Clause
//
// Arguments of the program to lines of configuration; what the lines then do is compared with a
// running Valkey by tests/conformance/config_diff.py.
#include "config/command_line.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace millrace::config {
namespace {

CommandLine parse(std::vector<std::string_view> arguments) {
    return parse_command_line(arguments);
}
std::string options(std::vector<std::string_view> arguments) {
    return parse(arguments).options;
}

TEST(CommandLine, Tasks) {
    EXPECT_EQ(parse({}).task, Task::Serve);
    EXPECT_EQ(parse({"-v"}).task, Task::PrintVersion);
    EXPECT_EQ(parse({"--version", "x"}).task, Task::PrintVersion);
    EXPECT_EQ(parse({"-h"}).task, Task::PrintHelp);
    EXPECT_EQ(parse({"--check-system"}).task, Task::CheckSystem);
    EXPECT_EQ(parse({"--test-memory", "64"}).task, Task::TestMemory);
    EXPECT_EQ(parse({"--test-memory", "64"}).argument, "64");
    EXPECT_EQ(parse({"--port", "1", "-v"}).task, Task::Serve);
}

TEST(CommandLine, FileAndStandardInput) {
    EXPECT_EQ(parse({"a.conf", "--port", "1"}).path, "a.conf");
    EXPECT_EQ(parse({"--port", "1"}).path, "");
    EXPECT_TRUE(parse({"-"}).standard_input);
    EXPECT_TRUE(parse({"-", "--port", "1"}).standard_input);
    EXPECT_TRUE(parse({"a.conf", "--port", "1", "-"}).standard_input);
    EXPECT_FALSE(parse({"a.conf", "-", "--port", "1"}).standard_input);
}

TEST(CommandLine, OptionsAndValues) {
    EXPECT_EQ(options({"--port", "1", "--bind", "a", "b"}), "port \"1\" \nbind \"a\" \"b\" ");
    EXPECT_EQ(options({"--port 1", "--hz 5"}), "port 1 \nhz 5 ");
    EXPECT_EQ(options({"a.conf", "port", "1"}), "\"port\" \"1\" ");
}

TEST(CommandLine, ValueRightBehindANameMayLookLikeAnOption) {
    EXPECT_EQ(options({"--bind", "--x", "--hz", "5"}), "bind \"--x\" \nhz \"5\" ");
    EXPECT_EQ(options({"--port", "1", "--", "--hz"}), "port \"1\" \n \"--hz\" ");
}

TEST(CommandLine, SaveMayStandAlone) {
    EXPECT_EQ(options({"--save", "--hz", "5"}), "save \"\"\nhz \"5\" ");
    EXPECT_EQ(options({"--SAVE"}), "SAVE \"\"");
    EXPECT_EQ(options({"--save", ""}), "save \"\" ");
    EXPECT_EQ(options({"--bind", "--save", "--save"}), "bind \"--save\" \nsave \"\"");
}

TEST(CommandLine, Sentinel) {
    EXPECT_TRUE(parse({"a.conf", "--sentinel", "--port", "1"}).sentinel);
    EXPECT_EQ(options({"--sentinel", "--port", "1"}), "sentinel \nport \"1\" ");
}

}  // namespace
}  // namespace millrace::config
