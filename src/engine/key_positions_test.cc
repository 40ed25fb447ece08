// SPDX-License-Identifier: BSD-3-Clause
#include "engine/key_positions.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace millrace::engine {
namespace {

bool find_stored(std::span<const std::string_view> arguments, KeyPositions& found) {
    found.add(1, kKeyReadOnly);
    if (arguments.size() > 3 && arguments[2] == "store") found.add(3, kKeyOverwrite);
    return true;
}

constexpr KeySpec kOne[] = {{.first = 1, .flags = kKeyReadOnly}};
constexpr KeySpec kAll[] = {{.first = 1, .last = -1, .flags = kKeyReadOnly}};
constexpr KeySpec kPairs[] = {{.first = 1, .last = -1, .step = 2, .flags = kKeyOverwrite}};
constexpr KeySpec kAllButLast[] = {{.first = 1, .last = -2, .flags = kKeyReadWrite}};
constexpr KeySpec kCounted[] = {{.first = 2, .find = KeyFind::KeyNumber, .flags = kKeyReadWrite}};
constexpr KeySpec kCountedPairs[] = {
    {.first = 1, .find = KeyFind::KeyNumber, .step = 2, .keys_from = 1, .flags = kKeyOverwrite}};
constexpr KeySpec kStoreAndCounted[] = {
    {.first = 1, .flags = kKeyOverwrite},
    {.first = 2, .find = KeyFind::KeyNumber, .flags = kKeyReadOnly}};
constexpr KeySpec kStreams[] = {{.search = KeySearch::Keyword,
                                 .keyword = "STREAMS",
                                 .keyword_from = 1,
                                 .last = -1,
                                 .limit = 2,
                                 .flags = kKeyReadOnly}};
constexpr KeySpec kBackwards[] = {{.search = KeySearch::Keyword,
                                   .keyword = "KEYS",
                                   .keyword_from = -2,
                                   .last = -1,
                                   .flags = kKeyReadOnly}};
constexpr KeySpec kChannel[] = {{.first = 1, .flags = kKeyNotKey}};
constexpr KeySpec kUnknown[] = {{.first = 1, .flags = kKeyReadOnly},
                                {.search = KeySearch::Unknown, .find = KeyFind::Unknown}};
constexpr CommandSpec kCommands[] = {
    {.name = "GET", .keys = kOne},
    {.name = "MGET", .keys = kAll},
    {.name = "MSET", .keys = kPairs},
    {.name = "BLPOP", .keys = kAllButLast},
    {.name = "EVAL", .flags = kNoMandatoryKeys, .keys = kCounted},
    {.name = "BLMPOP", .keys = kCounted},
    {.name = "MSETEX", .keys = kCountedPairs},
    {.name = "ZUNIONSTORE", .keys = kStoreAndCounted},
    {.name = "XREAD", .keys = kStreams},
    {.name = "BACKWARDS", .keys = kBackwards},
    {.name = "SPUBLISH", .keys = kChannel},
    {.name = "SORT", .keys = kUnknown, .find_keys = find_stored},
    {.name = "UNKNOWN", .keys = kUnknown},
};
constexpr CommandTable kTable{kCommands};
constexpr const CommandTable* kTables[] = {&kTable};

// The keys of a request, or "invalid".
std::string keys_of(std::vector<std::string_view> words) {
    static const CommandRegistry registry(kTables);
    KeyPositions found;
    if (!find_keys(*registry.find(words[0]), words, found)) return "invalid";
    std::string keys;
    for (const KeyPosition& each : found.all()) {
        if (!keys.empty()) keys += ' ';
        keys += words[static_cast<size_t>(each.at)];
    }
    return keys;
}

TEST(KeyPositions, RangesFromAnIndex) {
    EXPECT_EQ(keys_of({"get", "a"}), "a");
    EXPECT_EQ(keys_of({"mget", "a", "b", "c"}), "a b c");
    EXPECT_EQ(keys_of({"mset", "a", "1", "b", "2"}), "a b");
    EXPECT_EQ(keys_of({"mset", "a", "1", "b"}), "a b");
    EXPECT_EQ(keys_of({"blpop", "a", "b", "0"}), "a b");
    EXPECT_EQ(keys_of({"blpop", "a"}), "invalid");
    EXPECT_EQ(keys_of({"get"}), "invalid");
}

TEST(KeyPositions, CountedKeys) {
    EXPECT_EQ(keys_of({"eval", "x", "2", "a", "b", "c"}), "a b");
    EXPECT_EQ(keys_of({"eval", "x", "0"}), "");
    EXPECT_EQ(keys_of({"eval", "x", "1"}), "invalid");
    EXPECT_EQ(keys_of({"eval", "x", "3", "a", "b"}), "invalid");
    EXPECT_EQ(keys_of({"eval", "x", "-1", "a"}), "invalid");
    EXPECT_EQ(keys_of({"eval", "x", "one", "a"}), "invalid");
    EXPECT_EQ(keys_of({"eval", "x", "9223372036854775807", "a"}), "invalid");
    EXPECT_EQ(keys_of({"blmpop", "0", "0", "left"}), "invalid");
    EXPECT_EQ(keys_of({"msetex", "2", "a", "1", "b", "2"}), "a b");
    EXPECT_EQ(keys_of({"msetex", "3", "a", "1", "b", "2"}), "invalid");
    EXPECT_EQ(keys_of({"zunionstore", "d", "2", "a", "b", "weights"}), "d a b");
    EXPECT_EQ(keys_of({"zunionstore", "d", "4", "a", "b"}), "invalid");
}

TEST(KeyPositions, KeysAfterAWord) {
    EXPECT_EQ(keys_of({"xread", "count", "1", "streams", "a", "b", "0", "0"}), "a b");
    EXPECT_EQ(keys_of({"xread", "STREAMS", "a", "b", "0"}), "a");
    EXPECT_EQ(keys_of({"xread", "count", "1", "a"}), "");
    EXPECT_EQ(keys_of({"xread", "a", "streams"}), "");
    EXPECT_EQ(keys_of({"backwards", "keys", "x", "keys", "a"}), "a");
    EXPECT_EQ(keys_of({"backwards", "x", "y"}), "");
    EXPECT_EQ(keys_of({"backwards"}), "");
}

TEST(KeyPositions, ChannelsAreNoKeys) {
    EXPECT_EQ(keys_of({"spublish", "channel", "x"}), "");
}

TEST(KeyPositions, TheCommandsOwnFinderServesWhatSpecsCannot) {
    EXPECT_EQ(keys_of({"sort", "a", "store", "b"}), "a b");
    EXPECT_EQ(keys_of({"sort", "a"}), "a");
    EXPECT_EQ(keys_of({"unknown", "a"}), "invalid");
}

}  // namespace
}  // namespace millrace::engine
