// SPDX-License-Identifier: BSD-3-Clause
#include "keyspace/big_keys.h"

#include <gtest/gtest.h>

#include <string>

#include "structures/slab_pool.h"

namespace millrace::keyspace {
namespace {

class BigKeysTest : public testing::Test {
protected:
    void add(const std::string& key, size_t bytes, int db = 0) {
        Entry* entry = keyspace_.builder().string(key, std::string(bytes, 'x'), ExpiryRoom::No);
        keyspace_.database(db).insert(entry, keyspace_.hash(key));
    }
    void remove(const std::string& key) {
        const auto position = keyspace_.database(0).find(key, keyspace_.hash(key));
        Entry* entry = position.element();
        keyspace_.database(0).remove(position, keyspace_.hash(key));
        keyspace_.retire(entry);
    }

    structures::SlabHeapPool heaps_;
    Keyspace keyspace_{4, SipKey{.low = 1, .high = 2}, heaps_};
    BigKeys big_{keyspace_};
};

TEST_F(BigKeysTest, NothingIsFoundWhereThereIsNothing) {
    big_.walk();
    EXPECT_EQ(big_.passes(), 1u);
    EXPECT_TRUE(big_.top(10).empty());
}

TEST_F(BigKeysTest, TheLargestOfAllDatabasesAreFound) {
    constexpr size_t kBig = 16;
    const auto bytes_of = [](size_t number) { return size_t{4000} << number / 2; };
    for (int i = 0; i < 20'000; ++i) add("key" + std::to_string(i), 10, i % 3);
    for (int i = 0; i < 200; ++i) add("medium" + std::to_string(i), 2000, i % 2);
    for (size_t i = 0; i < kBig; i += 2) {
        add("big" + std::to_string(i), bytes_of(i), static_cast<int>(i % 4));
    }
    int calls = 0;
    while (big_.passes() == 0) {
        big_.walk();
        ++calls;
    }
    EXPECT_GT(calls, 5);  // In slices.
    const auto top = big_.top(100);
    ASSERT_EQ(top.size(), BigKeys::kKeysMax);
    for (size_t i = 0; i < kBig / 2; ++i) {
        const size_t number = kBig - 2 - 2 * i;
        EXPECT_EQ(top[i].key, "big" + std::to_string(number));
        EXPECT_EQ(top[i].db, static_cast<int>(number % 4));
        EXPECT_EQ(top[i].elements, bytes_of(number));
        EXPECT_GE(top[i].bytes, top[i].elements);
    }
    EXPECT_EQ(top.back().key.substr(0, 6), "medium");
}

TEST_F(BigKeysTest, SizesAreThoseOfNow) {
    add("one", 5000);
    add("two", 4000);
    big_.walk_all();
    remove("one");
    add("one", 2000);
    auto top = big_.top(10);
    ASSERT_EQ(top.size(), 2u);
    EXPECT_EQ(top[0].key, "two");
    EXPECT_EQ(top[1].elements, 2000u);
    remove("one");
    EXPECT_EQ(big_.top(10).size(), 1u);
    // What the next pass does not find is forgotten.
    big_.walk_all();
    big_.walk_all();
    EXPECT_EQ(big_.top(10).size(), 1u);
    big_.clear();
    EXPECT_TRUE(big_.top(10).empty());
}

}  // namespace
}  // namespace millrace::keyspace
