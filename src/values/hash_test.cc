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
            if (random() % 3 != 0) {
                const std::string value = std::to_string(random()).substr(0, random() % 9);
                EXPECT_EQ(hash.set(field, value, rules_), model.count(field) == 0);
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
