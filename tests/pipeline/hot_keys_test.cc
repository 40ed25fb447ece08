// SPDX-License-Identifier: BSD-3-Clause
//
// Which keys HotKeys names after loads of known shape.
#include "engine/hot_keys.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "rig.h"

namespace millrace::test {
namespace {

using engine::HotKeys;
using engine::KeyMeasure;

class HotKeysTest : public testing::Test {
protected:
    HotKeysTest() : client_(rig_.connect()) {
        engine::Settings settings;
        settings.hotkey_window_seconds = 3600;
        keys().configure(settings);
    }
    HotKeys& keys() { return rig_.engine().hot_keys(); }
    const std::vector<HotKeys::Item>& top(KeyMeasure measure) {
        return keys().last().top[static_cast<size_t>(measure)];
    }
    uint64_t total(KeyMeasure measure) {
        return keys().last().total[static_cast<size_t>(measure)];
    }
    // Sends them one after the other, pipelined.
    void run(const std::vector<std::vector<std::string>>& commands) {
        std::string requests;
        for (const auto& each : commands) {
            requests += "*" + std::to_string(each.size()) + "\r\n";
            for (const std::string& word : each)
                requests += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
        }
        requests += command({"ECHO", "the end"});
        client_->send(requests);
        std::string seen;
        rig_.turn_until([&] {
            client_->exchange();
            seen += client_->take_received();
            return seen.ends_with("$7\r\nthe end\r\n");
        });
    }
    Rig rig_{1};
    std::unique_ptr<RigClient> client_;
};

TEST_F(HotKeysTest, AKeyWithAQuarterOfTheCallsIsFirst) {
    std::vector<std::vector<std::string>> commands;
    for (int i = 0; i < 40'000; ++i) {
        commands.push_back({"GET", i % 4 == 0 ? "hot" : "key" + std::to_string(i)});
    }
    run(commands);
    keys().end_window();
    ASSERT_FALSE(top(KeyMeasure::Calls).empty());
    EXPECT_EQ(top(KeyMeasure::Calls)[0].key, "hot");
    const double share = static_cast<double>(top(KeyMeasure::Calls)[0].amount) /
                         static_cast<double>(total(KeyMeasure::Calls));
    EXPECT_NEAR(share, 0.25, 0.1);
    // About one in 128 stands for all.
    EXPECT_NEAR(static_cast<double>(keys().last().samples), 40'000 / 128, 100);
    EXPECT_NEAR(static_cast<double>(total(KeyMeasure::Calls)), 40'000, 12'000);
}

TEST_F(HotKeysTest, BytesAreCountedByDirection) {
    std::vector<std::vector<std::string>> commands;
    const std::string value(1000, 'v');
    commands.push_back({"SET", "read", value});
    for (int i = 0; i < 20'000; ++i) {
        commands.push_back({"GET", "read"});
        commands.push_back({"SET", "written", value});
        commands.push_back({"GET", "nothing"});
    }
    run(commands);
    keys().end_window();
    EXPECT_EQ(top(KeyMeasure::Read)[0].key, "read");
    EXPECT_EQ(top(KeyMeasure::Written)[0].key, "written");
    EXPECT_GT(top(KeyMeasure::Read)[0].amount * 10, total(KeyMeasure::Read) * 9);
    EXPECT_GT(top(KeyMeasure::Written)[0].amount * 10, total(KeyMeasure::Written) * 9);
}

// Few commands among many take all the time; sampling alone would hardly ever meet one.
TEST_F(HotKeysTest, SlowCommandsAreNotMissed) {
    std::vector<std::vector<std::string>> commands;
    std::vector<std::string> fill = {"RPUSH", "long"};
    for (int i = 0; i < 100'000; ++i) fill.push_back("element");
    run({fill});
    keys().reset();
    for (int i = 0; i < 3; ++i) commands.push_back({"LPOS", "long", "nothing"});
    for (int i = 0; i < 300; ++i) commands.push_back({"GET", "key" + std::to_string(i)});
    for (int i = 0; i < 5; ++i) commands.push_back({"LRANGE", "long", "0", "-1"});
    run(commands);
    keys().end_window();
    EXPECT_GT(keys().last().slow_commands, 0u);
    EXPECT_EQ(top(KeyMeasure::Time)[0].key, "long");
}

TEST_F(HotKeysTest, WithFewCommandsAllAreLookedAt) {
    run({{"GET", "a"}});
    keys().end_window();
    // One a batch; more in a batch would be looked at once, for all of them.
    for (int i = 0; i < 10; ++i) {
        rig_.expect(*client_, command({"MGET", "a", "b"}), "*2\r\n$-1\r\n$-1\r\n");
    }
    keys().end_window();
    EXPECT_EQ(keys().last().samples, 10u);
    EXPECT_EQ(top(KeyMeasure::Calls)[0].amount, 10u);
    EXPECT_EQ(top(KeyMeasure::Calls)[1].amount, 10u);
    EXPECT_EQ(top(KeyMeasure::Calls)[2].amount, 0u);
    EXPECT_EQ(total(KeyMeasure::Calls), 10u);
}

TEST_F(HotKeysTest, NothingIsCountedWhileItIsOff) {
    engine::Settings settings;
    settings.hotkey_top_k = 0;
    keys().configure(settings);
    std::vector<std::vector<std::string>> commands(1000, {"GET", "a"});
    run(commands);
    keys().end_window();
    EXPECT_EQ(keys().last().samples, 0u);
    EXPECT_TRUE(top(KeyMeasure::Calls).empty());
}

}  // namespace
}  // namespace millrace::test
