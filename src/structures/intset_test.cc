// SPDX-License-Identifier: BSD-3-Clause
#include "structures/intset.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>

using namespace millrace;
using namespace millrace::structures;

namespace {

std::string bytes_of(const Intset& set) {
    return {set.blob().data(), set.blob().size()};
}

TEST(Intset, BytesAreThoseOfTheFormat) {
    Intset set;
    EXPECT_EQ(bytes_of(set), std::string("\2\0\0\0\0\0\0\0", 8));
    EXPECT_TRUE(set.insert(5));
    EXPECT_TRUE(set.insert(-2));
    EXPECT_FALSE(set.insert(5));
    EXPECT_EQ(bytes_of(set), std::string("\2\0\0\0\2\0\0\0\xfe\xff\5\0", 12));
    EXPECT_TRUE(set.insert(65536));
    EXPECT_EQ(bytes_of(set), std::string("\4\0\0\0\3\0\0\0\xfe\xff\xff\xff\5\0\0\0\0\0\1\0", 20));
    EXPECT_TRUE(set.erase(65536));
    EXPECT_EQ(bytes_of(set), std::string("\4\0\0\0\2\0\0\0\xfe\xff\xff\xff\5\0\0\0", 16));
}

TEST(Intset, AgreesWithASet) {
    std::mt19937_64 random(7);
    for (int round = 0; round < 20; ++round) {
        Intset set;
        std::set<int64_t> model;
        const int shift = round * 3;
        for (int step = 0; step < 600; ++step) {
            auto value = static_cast<int64_t>(random()) >> shift;
            if (step % 3 != 0) value %= 100;
            if (random() % 3 != 0) {
                EXPECT_EQ(set.insert(value), model.insert(value).second);
            } else {
                EXPECT_EQ(set.erase(value), model.erase(value) == 1);
            }
            EXPECT_EQ(set.contains(value), model.count(value) == 1);
            ASSERT_EQ(set.size(), model.size());
        }
        set.check_invariants();
        size_t index = 0;
        for (const int64_t value : model) EXPECT_EQ(set.at(index++), value);
        const auto copy = Intset::from_blob(set.blob());
        ASSERT_TRUE(copy.ok());
        EXPECT_EQ(bytes_of(*copy), bytes_of(set));
        EXPECT_EQ(bytes_of(set.clone()), bytes_of(set));
    }
}

TEST(Intset, TheWholeRange) {
    Intset set;
    for (const int64_t value : {INT64_MAX, INT64_MIN, int64_t{0}}) EXPECT_TRUE(set.insert(value));
    EXPECT_EQ(set.at(0), INT64_MIN);
    EXPECT_EQ(set.at(2), INT64_MAX);
    EXPECT_FALSE(set.contains(1));
}

TEST(Intset, BlobsAreCheckedBeforeUse) {
    const auto refused = [](std::string blob) { return !Intset::from_blob(blob).ok(); };
    EXPECT_TRUE(refused(""));
    EXPECT_TRUE(refused(std::string("\3\0\0\0\0\0\0\0", 8)));
    EXPECT_TRUE(refused(std::string("\2\0\0\0\1\0\0\0", 8)));
    EXPECT_TRUE(refused(std::string("\2\0\0\0\xff\xff\xff\xff\1\0", 10)));
    EXPECT_TRUE(refused(std::string("\2\0\0\0\2\0\0\0\5\0\5\0", 12)));
    EXPECT_TRUE(refused(std::string("\2\0\0\0\2\0\0\0\5\0\4\0", 12)));
    EXPECT_FALSE(refused(std::string("\2\0\0\0\2\0\0\0\4\0\5\0", 12)));
}

}  // namespace
