// SPDX-License-Identifier: BSD-3-Clause
#include "structures/hash_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <set>
#include <thread>
#include <unordered_map>

#include "base/siphash.h"
#include "structures/slab_pool.h"

namespace millrace::structures {
namespace {

struct Item {
    uint64_t key;
    uint64_t version = 0;
};

// Hashes a number well, or badly on purpose: only the bits of `mask`.
struct ItemTraits {
    using Element = Item;
    uint64_t mask = ~uint64_t{0};

    uint64_t hash_key(uint64_t key) const {
        return siphash13(&key, sizeof(key), SipKey{1, 2}) & mask;
    }
    uint64_t hash(const Item& item) const { return hash_key(item.key); }
    bool equal(const Item& item, uint64_t key) const { return item.key == key; }
};

using Table = HashTable<ItemTraits>;

// A table with its heap and its elements.
class HashTableTest : public testing::Test {
protected:
    explicit HashTableTest() : heap_(pool_.take()) {}
    ~HashTableTest() override { pool_.give_back(heap_); }

    Item* make(uint64_t key) {
        items_.push_back(std::make_unique<Item>(Item{key}));
        return items_.back().get();
    }
    void insert(Table& table, uint64_t key, unsigned tags = 0) {
        table.insert(traits_.hash_key(key), make(key), tags);
    }
    bool erase(Table& table, uint64_t key) {
        const uint64_t hash = traits_.hash_key(key);
        const Table::Ref ref = table.find(hash, key);
        if (ref) table.erase(ref, hash);
        return static_cast<bool>(ref);
    }
    bool has(const Table& table, uint64_t key) {
        const Table::Ref ref = table.find(traits_.hash_key(key), key);
        return ref && ref.element()->key == key;
    }
    static void shrink_all(Table& table) {
        for (int pass = 0; pass < 20; ++pass) {
            uint64_t position = 0;
            do position = table.shrink_step(position);
            while (position != 0);
        }
    }

    SlabHeapPool pool_;
    SlabHeap& heap_;
    ItemTraits traits_;
    std::vector<std::unique_ptr<Item>> items_;
};

TEST_F(HashTableTest, AnEmptyTableTakesNoMemoryAndFindsNothing) {
    Table table(heap_);
    EXPECT_EQ(table.size(), 0u);
    EXPECT_EQ(table.memory_bytes(), 0u);
    EXPECT_FALSE(has(table, 1));
    EXPECT_FALSE(table.random(1));
    EXPECT_EQ(table.scan(0, [](Item*, unsigned) { FAIL(); }), 0u);
    EXPECT_EQ(table.shrink_step(0), 0u);
    table.prefetch_bucket(5);
    table.prefetch_element(5);
    EXPECT_FALSE(table.prefetch_further(5));
    EXPECT_EQ(table.further_element(5), nullptr);
    table.check_invariants();
    EXPECT_EQ(heap_.statistics().live_bytes, 0u);
}

TEST_F(HashTableTest, WhatIsNotAtHomeIsFurtherOn) {
    constexpr uint64_t kElements = 20000;
    Table table(heap_);
    for (uint64_t key = 0; key < kElements; ++key) insert(table, key);
    uint64_t further = 0;
    uint64_t taken_for_another = 0;  // With the same bits of the hash in the home bucket.
    for (uint64_t key = 0; key < kElements; ++key) {
        const uint64_t hash = traits_.hash_key(key);
        const Item* const found = table.find(hash, key).element();
        if (const Item* const likely = table.likely_element(hash)) {
            if (likely != found) ++taken_for_another;
            continue;
        }
        ++further;
        EXPECT_TRUE(table.prefetch_further(hash));
        EXPECT_EQ(table.further_element(hash), found);
    }
    EXPECT_GT(further, kElements / 50);  // Buckets do overflow, so the loop has looked at some.
    EXPECT_LT(further, kElements / 2);
    EXPECT_LE(taken_for_another, 4u);
}

TEST_F(HashTableTest, FindsReplacesAndErases) {
    Table table(heap_);
    insert(table, 7, kTagHasExpiry);
    const uint64_t hash = traits_.hash_key(7);
    Table::Ref ref = table.find(hash, uint64_t{7});
    ASSERT_TRUE(ref);
    EXPECT_EQ(ref.tags(), kTagHasExpiry);
    EXPECT_EQ(table.memory_bytes(), 64u);

    Item* other = make(7);
    table.replace(ref, other, kTagSnapshot);
    EXPECT_EQ(ref.element(), other);
    EXPECT_EQ(ref.tags(), kTagSnapshot);
    table.set_tags(ref, kTagSnapshot | kTagHasExpiry);
    EXPECT_EQ(table.find(hash, uint64_t{7}).element(), other);
    EXPECT_EQ(table.find(hash, uint64_t{7}).tags(), kTagSnapshot | kTagHasExpiry);
    table.check_invariants();

    table.erase(ref, hash);
    EXPECT_FALSE(has(table, 7));
    EXPECT_EQ(table.size(), 0u);
    table.check_invariants();
    shrink_all(table);
    EXPECT_EQ(table.memory_bytes(), 0u);
}

TEST_F(HashTableTest, AgreesWithAModelOverRandomSteps) {
    std::mt19937_64 random(42);
    std::unordered_map<uint64_t, std::pair<Item*, unsigned>> model;
    Table table(heap_);
    for (int step = 0; step < 200000; ++step) {
        const uint64_t key = random() % 5000 * (step / 50000 % 2 ? 1 : 40);
        const uint64_t hash = traits_.hash_key(key);
        const Table::Ref ref = table.find(hash, key);
        const auto known = model.find(key);
        ASSERT_EQ(static_cast<bool>(ref), known != model.end());
        if (ref) {
            ASSERT_EQ(ref.element(), known->second.first);
            ASSERT_EQ(ref.tags(), known->second.second);
        }
        const auto tags = static_cast<unsigned>(random() % 4);
        switch (random() % 4) {
            case 0:
            case 1:
                if (!ref) {
                    insert(table, key, tags);
                    model[key] = {items_.back().get(), tags};
                } else {
                    Item* other = make(key);
                    table.replace(ref, other, tags);
                    model[key] = {other, tags};
                }
                break;
            case 2:
                if (ref) {
                    table.erase(ref, hash);
                    model.erase(key);
                }
                break;
            case 3:
                table.shrink_step(random());
                break;
        }
        ASSERT_EQ(table.size(), model.size());
        if (step % 5000 == 0) table.check_invariants();
    }
    table.check_invariants();
}

// The overhead budget, which is why the table looks as it does. Also: nothing is lost on the way up
// and down.
TEST_F(HashTableTest, TakesThirteenBytesAtAnySizeAndShrinksBack) {
    Table table(heap_);
    const uint64_t heap_before = heap_.statistics().live_bytes;
    uint64_t key = 0;
    for (uint64_t size : {1000u, 20000u, 100000u, 750000u, 1000000u, 1350000u}) {
        for (; key < size; ++key) insert(table, key);
        EXPECT_EQ(table.size(), size);
        const double bytes = static_cast<double>(table.memory_bytes()) / static_cast<double>(size);
        RecordProperty("bytes_" + std::to_string(size), std::to_string(bytes));
        EXPECT_LE(bytes, size < 500000 ? 14.0 : 13.5) << size;
        EXPECT_GE(bytes, 9.1) << size;
    }
    table.check_invariants();
    for (key = 0; key < 1350000; key += 7) ASSERT_TRUE(has(table, key));
    const HashTableStatistics full = table.statistics();
    EXPECT_EQ(full.elements, 1350000u);
    EXPECT_GT(full.directory_pages, 1u);
    EXPECT_LT(full.displaced, full.elements / 4);

    for (key = 0; key < 1350000; ++key) {
        ASSERT_EQ(key % 1000 != 0 && erase(table, key), key % 1000 != 0);
    }
    table.check_invariants();
    shrink_all(table);
    table.check_invariants();
    EXPECT_EQ(table.size(), 1350u);
    EXPECT_LE(table.memory_bytes(), 1350u * 30);
    for (key = 0; key < 1350000; key += 1000) ASSERT_TRUE(erase(table, key));
    shrink_all(table);
    table.check_invariants();
    EXPECT_EQ(table.memory_bytes(), 0u);
    EXPECT_EQ(heap_.statistics().live_bytes, heap_before);
}

// A cache: elements come and go, their number stays. Segments that grew for a moment shrink again.
TEST_F(HashTableTest, ATableInUseStaysAsSmallAsAFreshOne) {
    constexpr uint64_t kErasuresPerStep = 64;
    for (const uint64_t size : {30000u, 50000u, 70000u, 200000u}) {
        Table table(traits_);
        std::mt19937_64 random(size);
        std::vector<uint64_t> keys(size);
        for (uint64_t key = 0; key < size; ++key) {
            keys[key] = key;
            insert(table, key);
        }
        uint64_t next = size;
        uint64_t position = 0;
        for (uint64_t i = 0; i < 6 * size; ++i) {
            uint64_t& key = keys[random() % size];
            ASSERT_TRUE(erase(table, key));
            if (i % kErasuresPerStep == 0) position = table.shrink_step(position);
            key = next++;
            insert(table, key);
        }
        table.check_invariants();
        EXPECT_LT(static_cast<double>(table.memory_bytes()) / static_cast<double>(size), 14.2);
        items_.clear();
    }
}

TEST_F(HashTableTest, ScanSeesEachElementThatStaysExactlyOnce) {
    std::mt19937_64 random(3);
    Table table(heap_);
    for (uint64_t key = 0; key < 20000; ++key) insert(table, key);
    uint64_t next_key = 20000;
    std::unordered_map<uint64_t, int> seen;
    std::set<uint64_t> gone;
    uint64_t cursor = 0;
    uint64_t steps = 0;
    do {
        const uint64_t begin = cursor << 16;
        uint64_t last = 0;
        cursor = table.scan(cursor, [&](Item* item, unsigned) {
            ++seen[item->key];
            EXPECT_GE(traits_.hash(*item), begin);
            last = std::max(last, traits_.hash(*item));
        });
        if (cursor != 0) {
            EXPECT_LT(last >> 16, cursor);
        }
        ASSERT_LT(cursor, uint64_t{1} << 48);
        // Grow by half in the first part, then lose nearly everything that is not a multiple of 16.
        ++steps;
        for (int i = 0; i < 8; ++i) {
            if (steps < 1500) {
                insert(table, next_key++);
            } else {
                const uint64_t key = random() % next_key;
                if (key % 16 != 0 && erase(table, key)) gone.insert(key);
                table.shrink_step(random());
            }
        }
    } while (cursor != 0);
    table.check_invariants();
    for (uint64_t key = 0; key < 20000; ++key) {
        ASSERT_TRUE(gone.contains(key) || seen[key] == 1) << key;
    }
    for (auto [key, times] : seen) ASSERT_EQ(times, 1);
    EXPECT_GT(steps, 1000u);
}

TEST_F(HashTableTest, CursorsDependOnTheElementsOnly) {
    // Two tables with the same elements and different histories: a cursor of one continues in the
    // other.
    Table grown(heap_);
    Table shrunk(heap_);
    for (uint64_t key = 0; key < 30000; ++key) insert(shrunk, key);
    for (uint64_t key = 3000; key < 30000; ++key) erase(shrunk, key);
    for (uint64_t key = 3000; key > 0; --key) insert(grown, key - 1);
    std::multiset<uint64_t> seen;
    uint64_t cursor = 0;
    bool odd = false;
    do {
        odd = !odd;
        cursor = (odd ? grown : shrunk).scan(cursor, [&](Item* item, unsigned) {
            seen.insert(item->key);
        });
    } while (cursor != 0);
    EXPECT_EQ(seen.size(), 3000u);
    for (uint64_t key = 0; key < 3000; ++key) EXPECT_EQ(seen.count(key), 1u);
}

TEST_F(HashTableTest, TagsSurviveGrowthAndShrinking) {
    Table table(heap_);
    for (uint64_t key = 0; key < 5000; ++key) insert(table, key, key % 4);
    for (uint64_t key = 0; key < 50000; ++key) insert(table, 10000 + key);
    for (uint64_t key = 0; key < 50000; ++key) erase(table, 10000 + key);
    shrink_all(table);
    for (uint64_t key = 0; key < 5000; ++key)
        ASSERT_EQ(table.find(traits_.hash_key(key), key).tags(), key % 4);
}

TEST_F(HashTableTest, VisitsAllSegmentsWhileItGrows) {
    Table table(heap_);
    for (uint64_t key = 0; key < 10000; ++key) insert(table, key);
    uint64_t position = 0;
    uint64_t next_key = 10000;
    std::multiset<uint64_t> seen;
    do {
        position = table.visit_segment(position, [&](Table::Ref ref) {
            seen.insert(ref.element()->key);
            table.set_tags(ref, ref.tags() | kTagSnapshot);
        });
        // Those behind the walk count as captured; those before it are met with the tag already
        // set.
        for (int i = 0; i < 50; ++i) insert(table, next_key++, kTagSnapshot);
    } while (position != 0);
    for (uint64_t key = 0; key < 10000; ++key) {
        ASSERT_EQ(seen.count(key), 1u);
        ASSERT_EQ(table.find(traits_.hash_key(key), key).tags(), kTagSnapshot);
    }
    table.check_invariants();
}

TEST_F(HashTableTest, RandomIsFairAtAnySize) {
    for (uint64_t size : {5u, 14u, 100u, 170u, 1000u, 3000u}) {
        Table table(heap_);
        for (uint64_t key = 0; key < size; ++key) insert(table, key);
        std::vector<uint64_t> drawn(size);
        const uint64_t each = 2000;
        for (uint64_t i = 0; i < size * each; ++i) ++drawn[table.random(i * 77).element()->key];
        const auto [least, most] = std::minmax_element(drawn.begin(), drawn.end());
        EXPECT_GT(*least, each * 6 / 10) << size;
        EXPECT_LT(*most, each * 16 / 10) << size;
        double chi_square = 0;
        for (uint64_t count : drawn) {
            const double off = static_cast<double>(count) - each;
            chi_square += off * off / each;
        }
        // Within 15 % of fair on average, with the noise of drawing.
        EXPECT_LT(chi_square / static_cast<double>(size), 1 + each * 0.15 * 0.15) << size;
    }
}

TEST_F(HashTableTest, RandomFindsTheLastElements) {
    Table table(heap_);
    for (uint64_t key = 0; key < 100000; ++key) insert(table, key);
    for (uint64_t key = 2; key < 100000; ++key) erase(table, key);
    std::set<uint64_t> drawn;
    for (uint64_t i = 0; i < 200; ++i) drawn.insert(table.random(i).element()->key);
    EXPECT_EQ(drawn, (std::set<uint64_t>{0, 1}));
}

TEST_F(HashTableTest, CopesWithEqualFingerprints) {
    traits_.mask = ~uint64_t{0xff};  // All fingerprints the same.
    Table table(heap_, traits_);
    for (uint64_t key = 0; key < 20000; ++key) insert(table, key);
    table.check_invariants();
    for (uint64_t key = 0; key < 20000; ++key) ASSERT_TRUE(has(table, key));
    for (uint64_t key = 20000; key < 30000; ++key) ASSERT_FALSE(has(table, key));
    for (uint64_t key = 0; key < 20000; key += 2) ASSERT_TRUE(erase(table, key));
    shrink_all(table);
    table.check_invariants();
    for (uint64_t key = 0; key < 20000; ++key) ASSERT_EQ(has(table, key), key % 2 == 1);
}

TEST_F(HashTableTest, CopesWithEqualHashesAndClusters) {
    traits_.mask = 0;
    Table same(heap_, traits_);
    for (uint64_t key = 0; key < HashTableCore::kSegmentSlots; ++key) insert(same, key);
    same.check_invariants();
    for (uint64_t key = 0; key < HashTableCore::kSegmentSlots; ++key) ASSERT_TRUE(has(same, key));
    EXPECT_LT(same.memory_bytes(), 1u << 20);
    uint64_t visited = 0;
    EXPECT_NE(same.scan(0, [&](Item*, unsigned) { ++visited; }), 0u);
    EXPECT_EQ(visited, same.size());
    for (uint64_t key = 0; key < HashTableCore::kSegmentSlots; ++key) ASSERT_TRUE(erase(same, key));
    same.check_invariants();

    // Thousands that agree in the first 16 bits.
    traits_.mask = ~uint64_t{0} >> 16;
    Table cluster(heap_, traits_);
    for (uint64_t key = 0; key < 20000; ++key) insert(cluster, key);
    cluster.check_invariants();
    for (uint64_t key = 0; key < 20000; ++key) ASSERT_TRUE(has(cluster, key));
    for (uint64_t key = 0; key < 20000; ++key) ASSERT_TRUE(erase(cluster, key));
    for (int i = 0; i < 3; ++i) shrink_all(cluster);
    cluster.check_invariants();
    EXPECT_EQ(cluster.memory_bytes(), 0u);
}

TEST_F(HashTableTest, FillsUpBeforeItGrowsWhileResizingIsNotAllowed) {
    Table table(heap_);
    for (uint64_t key = 0; key < 100; ++key) insert(table, key);
    table.set_resizing_allowed(false);
    const uint64_t slots = table.statistics().buckets * HashBucket::kSlots;
    for (uint64_t key = 100; key < slots; ++key) insert(table, key);
    EXPECT_EQ(table.statistics().buckets * HashBucket::kSlots, slots);
    table.check_invariants();
    for (uint64_t key = slots; key < 2000; ++key) insert(table, key);
    table.check_invariants();
    for (uint64_t key = 10; key < 2000; ++key) erase(table, key);
    const uint64_t bytes = table.memory_bytes();
    shrink_all(table);
    EXPECT_EQ(table.memory_bytes(), bytes);
    table.set_resizing_allowed(true);
    shrink_all(table);
    EXPECT_LT(table.memory_bytes(), bytes);
    for (uint64_t key = 0; key < 10; ++key) EXPECT_TRUE(has(table, key));
}

TEST_F(HashTableTest, MovesOutAndDrainsOnAnotherThread) {
    for (uint64_t size : {0u, 1u, 7u, 1000u, 60000u}) {
        Table table(heap_);
        for (uint64_t key = 0; key < size; ++key) insert(table, key, 1);
        Table moved(std::move(table));
        EXPECT_EQ(moved.size(), size);
        EXPECT_EQ(table.size(), 0u);
        table.check_invariants();
        insert(table, 5);
        EXPECT_TRUE(has(table, 5));
        EXPECT_EQ(has(moved, 5), size > 5);

        std::thread other([&] {
            RemoteFrees frees(pool_);
            uint64_t sum = 0;
            int slices = 1;
            auto visit = [&](Item* item, unsigned tags) { sum += item->key + tags; };
            while (moved.drain(10, visit, nullptr, frees)) ++slices;
            EXPECT_EQ(sum, size * (size + 1) / 2);
            EXPECT_EQ(moved.size(), 0u);
            EXPECT_EQ(moved.memory_bytes(), 0u);
            EXPECT_GE(slices, static_cast<int>(size / 2000));
        });
        other.join();
        heap_.collect();
        EXPECT_EQ(heap_.statistics().live_bytes, 64u);
    }
}

TEST_F(HashTableTest, ACopyHasOtherElementsInTheSameShape) {
    const auto clone = [&](const Item& item) {
        Item* const other = make(item.key);
        other->version = 1;
        return other;
    };
    for (const uint64_t count : {0u, 1u, 7u, 300u, 20000u, 300000u}) {
        Table table(traits_);
        for (uint64_t key = 0; key < count; ++key) insert(table, key, key % 3);
        for (uint64_t key = 0; key < count; key += 5) erase(table, key);
        Table copy(AsCopy{}, table, clone);
        copy.check_invariants();
        ASSERT_EQ(copy.size(), table.size());
        ASSERT_EQ(copy.memory_bytes(), table.memory_bytes());
        for (uint64_t key = 0; key < count; ++key) {
            const Table::Ref ref = copy.find(traits_.hash_key(key), key);
            ASSERT_EQ(static_cast<bool>(ref), key % 5 != 0);
            if (!ref) continue;
            ASSERT_EQ(ref.element()->version, 1u);
            ASSERT_EQ(ref.tags(), key % 3);
        }
        // Each goes its own way.
        for (uint64_t key = 0; key < count; ++key) erase(copy, key);
        for (uint64_t key = count; key < 2 * count; ++key) insert(copy, key);
        shrink_all(copy);
        copy.check_invariants();
        table.check_invariants();
        for (uint64_t key = 1; key < count; key += 5) ASSERT_TRUE(has(table, key));
    }
}

}  // namespace
}  // namespace millrace::structures
