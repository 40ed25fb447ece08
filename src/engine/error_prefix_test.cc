// SPDX-License-Identifier: BSD-3-Clause
#include "engine/error_prefix.h"

#include <gtest/gtest.h>

#include <string>

#include "engine/bare_engine.h"

namespace millrace::engine {
namespace {

TEST(ErrorPrefix, IsTheFirstWord) {
    EXPECT_EQ(error_prefix("WRONGTYPE Operation against"), "WRONGTYPE");
    EXPECT_EQ(error_prefix("oneword"), "ERR");
    EXPECT_EQ(error_prefix(std::string(30, 'a').append(" x")), std::string(30, 'a'));
    EXPECT_EQ(error_prefix(std::string(31, 'a').append(" x")), "ERR");
}

// A script that made up a new code for each error made the list of kinds grow for ever.
TEST(ErrorPrefix, KindsOfScriptsAreLimited) {
    BareEngine bare;
    Engine& engine = bare.engine;
    const auto& kinds = engine.counters().errors_by_prefix;
    for (int i = 1; i <= 1100; ++i) count_script_error(engine, std::to_string(i) + " my error");
    EXPECT_EQ(kinds.size(), 129u);
    EXPECT_EQ(kinds.at("ERRORSTATS_OVERFLOW"), 972u);

    // Kinds that are known go on, and so do the server's own.
    count_script_error(engine, "1 my error");
    EXPECT_EQ(kinds.at("1"), 2u);
    engine.count_error("ERR syntax error");
    EXPECT_EQ(kinds.at("ERR"), 1u);
    EXPECT_EQ(kinds.at("ERRORSTATS_OVERFLOW"), 972u);
    EXPECT_EQ(engine.counters().error_replies, 1102u);
}

}  // namespace
}  // namespace millrace::engine
