// SPDX-License-Identifier: BSD-3-Clause
#include "values/hash.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

using namespace millrace;
using namespace millrace::values;

namespace {

using Model = std::map<std::string, std::string>;

Model contents(const Hash& hash) {
    Model all;
    hash.for_each(Hash::kAnyTime, [&](std::string_view field, std::string_view value) {
        EXPECT_TRUE(all.emplace(field, value).second);
    });
    return all;
}

class HashTest : public testing::Test {
protected:
    keyspace::EncodingSettings encodings_;
    SipKey seed_{1, 2};
    GrowthRules rules_{encodings_, seed_};
};

TEST_F(HashTest, AgreesWithAMap) {
    std::mt19937 random(3);
    for (const int fields : {5, 400, 3000}) {
        Hash hash;
        Model model;
        for (int step = 0; step < 6000; ++step) {
            const std::string field = "f" + std::to_string(random() % unsigned(fields));
            hash.fetch_element(hash.fetch_place(field));  // Changes nothing.
            if (random() % 3 != 0) {
                const std::string value = std::to_string(random()).substr(0, random() % 9);
                EXPECT_EQ(hash.set(field, value, rules_) == FieldBefore::Missing,
                          model.count(field) == 0);
                model[field] = value;
            } else {
                EXPECT_EQ(hash.erase(field), model.erase(field) == 1);
            }
            ASSERT_EQ(hash.size(), model.size());
            Text value;
            EXPECT_EQ(hash.get(field, 0, value), model.count(field) == 1);
            if (model.count(field) == 1) {
                EXPECT_EQ(value.view(), model[field]);
            }
        }
        EXPECT_EQ(contents(hash), model);
        EXPECT_EQ(hash.encoding(), fields > 512 ? "hashtable" : "listpack");
        const auto copy = hash.clone();
        EXPECT_EQ(contents(static_cast<const Hash&>(*copy)), model);
        EXPECT_EQ(copy->encoding(), hash.encoding());
        EXPECT_GE(hash.memory_bytes(0), hash.size() * 4);
    }
}

TEST_F(HashTest, BecomesATableWithTheField513) {
    Hash hash;
    for (int i = 0; i < 512; ++i) hash.set(std::to_string(i), "v", rules_);
    EXPECT_EQ(hash.encoding(), "listpack");
    hash.set("5", "w", rules_);
    EXPECT_EQ(hash.encoding(), "listpack");
    hash.set("more", "v", rules_);
    EXPECT_EQ(hash.encoding(), "hashtable");
    EXPECT_EQ(hash.size(), 513u);
    for (int i = 0; i < 512; ++i) hash.erase(std::to_string(i));
    EXPECT_EQ(hash.encoding(), "hashtable");
}

TEST_F(HashTest, BecomesATableWithALongText) {
    for (const bool long_field : {false, true}) {
        Hash hash;
        hash.set("a", std::string(64, 'x'), rules_);
        EXPECT_EQ(hash.encoding(), "listpack");
        hash.set(long_field ? std::string(65, 'x') : "a", long_field ? "1" : std::string(65, 'x'),
                 rules_);
        EXPECT_EQ(hash.encoding(), "hashtable");
    }
}

TEST_F(HashTest, FieldsExpire) {
    Hash hash;
    hash.set("a", "1", rules_);
    hash.set("b", "2", rules_);
    hash.set_expiry("a", keyspace::kNoExpiry, rules_);
    EXPECT_EQ(hash.encoding(), "listpack");
    EXPECT_EQ(hash.next_expiry_ms(), keyspace::kNoExpiry);
    hash.set_expiry("a", 100, rules_);
    EXPECT_EQ(hash.encoding(), "hashtable");
    hash.set("c", "3", rules_, {.expire_at_ms = 50});
    EXPECT_EQ(hash.next_expiry_ms(), 50);

    EXPECT_TRUE(hash.contains("a", 100));
    EXPECT_FALSE(hash.contains("a", 101));
    EXPECT_EQ(hash.expiry("a", 100), 100);
    EXPECT_EQ(hash.expiry("a", 101), std::nullopt);
    EXPECT_EQ(hash.expiry("b", 101), keyspace::kNoExpiry);
    EXPECT_FALSE(hash.erase("a", 101));
    EXPECT_EQ(hash.size(), 3u);

    EXPECT_EQ(hash.set("a", "4", rules_, {.now_ms = 99, .keep_expiry = true}), FieldBefore::There);
    EXPECT_EQ(hash.expiry("a", 0), 100);
    EXPECT_EQ(hash.set("a", "a longer value than before", rules_, {.now_ms = 101}),
              FieldBefore::Due);
    EXPECT_EQ(hash.expiry("a", 0), keyspace::kNoExpiry);
    EXPECT_EQ(hash.erase_due(50, 10).size(), 0u);
    EXPECT_EQ(hash.erase_due(51, 10), std::vector<std::string>{"c"});
    EXPECT_EQ(hash.next_expiry_ms(), keyspace::kNoExpiry);
}

TEST_F(HashTest, DueFieldsGoFirstToLast) {
    Hash hash;
    for (int i = 0; i < 1000; ++i) {
        hash.set(std::to_string(i), "v", rules_, {.expire_at_ms = 2000 - i});
    }
    const auto copy = hash.clone();
    EXPECT_EQ(copy->next_expiry_ms(), 1001);
    EXPECT_EQ(hash.erase_due(5000, 2), (std::vector<std::string>{"999", "998"}));
    EXPECT_EQ(hash.erase_due(1500, 5000).size(), 497u);
    EXPECT_EQ(hash.size(), 501u);
    EXPECT_EQ(hash.erase_due(5000, 5000).size(), 501u);
    EXPECT_EQ(hash.size(), 0u);
}

std::map<std::string, const Member*> places(const Hash& hash) {
    std::map<std::string, const Member*> all;
    hash.table()->for_each([&](const Member& member) { all.emplace(member.name(), &member); });
    return all;
}

TEST_F(HashTest, IsMadeAnewInSteps) {
    Hash hash;
    Model model;
    for (int i = 0; i < 5000; ++i) {
        const std::string field = std::to_string(i);
        const int64_t expire_at_ms = i % 3 == 0 ? 1000 + i : keyspace::kNoExpiry;
        hash.set(field, "v" + field, rules_, {.expire_at_ms = expire_at_ms});
        model[field] = "v" + field;
    }
    const auto before = places(hash);
    unsigned steps = 0;
    for (uint64_t position = 0; steps == 0 || position != 0; ++steps) {
        position = hash.renew_step(position);
    }
    EXPECT_GT(steps, 5000u / 200);  // No step holds the loop for more than a segment.
    const auto after = places(hash);
    for (const auto& [name, place] : before) {
        ASSERT_TRUE(after.contains(name));
        EXPECT_NE(after.at(name), place);  // All of a segment were there until the last was made.
    }
    EXPECT_EQ(contents(hash), model);
    hash.table()->check_invariants();
    EXPECT_EQ(hash.erase_due(1000, 5000).size(), 0u);
    EXPECT_EQ(hash.erase_due(10000, 5000).size(), 1667u);
}

TEST_F(HashTest, IsNotMadeAnewWhileAVersionIsRead) {
    Hash hash;
    for (int i = 0; i < 1000; ++i) hash.set(std::to_string(i), "v", rules_);
    const auto version = hash.freeze();
    const auto before = places(hash);
    EXPECT_EQ(hash.renew_step(0), 0u);
    EXPECT_EQ(places(hash), before);
    hash.thaw();
}

TEST_F(HashTest, ValuesOfEveryLengthInATable) {
    Hash hash;
    hash.become_table(rules_);
    Text value;
    for (const size_t bytes : {0, 1, 300, 65535, 65536, 100000, 3, 65536, 0}) {
        const std::string text(bytes, 'v');
        for (const size_t name_bytes : {1, 255, 256}) {
            const std::string field(name_bytes, 'f');
            hash.set(field, text, rules_);
            ASSERT_TRUE(hash.get(field, 0, value));
            EXPECT_EQ(value.view(), text);
        }
    }
    EXPECT_EQ(hash.size(), 3u);
}

}  // namespace
