// SPDX-License-Identifier: BSD-3-Clause
#include "keyspace/compaction.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "keyspace/collection.h"
#include "structures/slab_pool.h"

namespace millrace::keyspace {
namespace {

class CompactionTest : public testing::Test {
protected:
    static constexpr int kKeys = 50'000;

    ~CompactionTest() override {
        for (int db = 0; db < keyspace_.database_count(); ++db) keyspace_.flush(db);
        while (keyspace_.drain_condemned(SIZE_MAX)) {
        }
        turn();
    }

    // One entry in ten stays.
    void fill_and_thin_out(EntryBuilder& builder) {
        for (int i = 0; i < kKeys; ++i) {
            const std::string key = "key:" + std::to_string(i);
            const auto room = i % 3 == 0 ? ExpiryRoom::Yes : ExpiryRoom::No;
            Entry* entry = builder.string(key, value_of(i), room);
            if (i % 3 == 0) entry->set_expire_at_ms(1'000'000 + i);
            keyspace_.database(i % 2).insert(entry, keyspace_.hash(key));
        }
        for (int i = 0; i < kKeys; ++i) {
            if (i % 10 == 0) continue;
            const std::string key = "key:" + std::to_string(i);
            const uint64_t hash = keyspace_.hash(key);
            const auto position = keyspace_.database(i % 2).find(key, hash);
            Entry* entry = position.element();
            keyspace_.database(i % 2).remove(position, hash);
            keyspace_.retire(entry);
        }
        turn();
    }
    static std::string value_of(int i) { return std::string(40 + i % 50, 'v') + std::to_string(i); }
    void turn() {
        ++turn_;
        keyspace_.limbo().begin_turn(turn_, turn_);
        while (auto block = keyspace_.limbo().take_released()) keyspace_.free_block(*block);
        keyspace_.remote_frees().flush();
    }
    void check_values() {
        EXPECT_EQ(keyspace_.total_size(), size_t{kKeys} / 10);
        for (int i = 0; i < kKeys; i += 10) {
            const std::string key = "key:" + std::to_string(i);
            const auto position = keyspace_.database(i % 2).find(key, keyspace_.hash(key));
            ASSERT_TRUE(position);
            EXPECT_EQ(position.element()->string(), value_of(i));
            EXPECT_EQ(position.element()->expire_at_ms(), i % 3 == 0 ? 1'000'000 + i : kNoExpiry);
            EXPECT_EQ(position.tags() & structures::kTagHasExpiry, i % 3 == 0 ? 1u : 0u);
        }
        for (int db = 0; db < 2; ++db) keyspace_.database(db).table().check_invariants();
        keyspace_.heap().check_invariants();
    }

    structures::SlabHeapPool heaps_{{.separate_objects = false}};
    Keyspace keyspace_{2, SipKey{.low = 1, .high = 2}, heaps_};
    Compaction compaction_{keyspace_};
    uint64_t turn_ = 1;
};

TEST_F(CompactionTest, FillsPagesThatAreSparse) {
    fill_and_thin_out(keyspace_.builder());
    const auto before = heaps_.filling();
    EXPECT_GT(before.waste_bytes(), before.page_bytes / 2);
    while (!compaction_.run(50'000)) {
    }
    keyspace_.heap().trim();
    const auto after = heaps_.filling();
    // Of 13 classes that are in use a page each may be partly empty; the table has not shrunk.
    EXPECT_LE(after.waste_bytes(), 13 * structures::kSlabPageBytes);
    EXPECT_GT(compaction_.counters().moved, 0u);
    check_values();
    // In time there is nothing more to gain.
    for (int walk = 0; walk < 4; ++walk) {
        compaction_.counters() = {};
        while (!compaction_.run(50'000)) {
        }
    }
    EXPECT_LT(compaction_.counters().moved, size_t{kKeys} / 100);
}

// Even if it never has time for more than one entry.
TEST_F(CompactionTest, ComesToItsEndInTheSmallestSlices) {
    fill_and_thin_out(keyspace_.builder());
    while (!compaction_.run(0)) {
    }
    keyspace_.heap().trim();
    EXPECT_LE(heaps_.filling().waste_bytes(), 13 * structures::kSlabPageBytes);
    check_values();
}

TEST_F(CompactionTest, TakesEntriesOverFromOtherThreads) {
    structures::SlabHeap& other = heaps_.take();
    EntryBuilder builder(other, keyspace_.reclaimer());
    fill_and_thin_out(builder);
    other.collect();
    const auto before = heaps_.filling();
    while (!compaction_.run(50'000)) {
    }
    other.trim();  // What is left in magazines holds on to pages.
    // A page that has never been full does not count as sparse: one of each of the 9 classes may
    // stay.
    EXPECT_LE(other.statistics().page_bytes, 9 * structures::kSlabPageBytes);
    EXPECT_LT(heaps_.filling().page_bytes, before.page_bytes * 3 / 7);
    check_values();
    other.check_invariants();
    heaps_.give_back(other);
}

TEST_F(CompactionTest, LeavesAloneWhatAReplyMayReferTo) {
    fill_and_thin_out(keyspace_.builder());
    const auto position = keyspace_.database(0).find("key:0", keyspace_.hash("key:0"));
    const Entry* const entry = position.element();
    keyspace_.limbo().stamp(*position.element());
    while (!compaction_.run(50'000)) {
    }
    EXPECT_EQ(keyspace_.database(0).find("key:0", keyspace_.hash("key:0")).element(), entry);
    check_values();
}

// Of as many allocations as it is told; counts what is asked of it.
class Counted final : public Collection {
public:
    struct Asked {
        std::vector<uint64_t> steps;
        int clones = 0;
    };
    static constexpr uint64_t kSteps = 5;

    Counted(size_t blocks, Asked& asked) : blocks_(blocks), asked_(asked) {}
    ValueType type() const override { return ValueType::Set; }
    std::string_view encoding() const override { return "hashtable"; }
    uint64_t size() const override { return blocks_; }
    size_t memory_bytes(size_t /*samples*/) const override { return blocks_; }
    std::unique_ptr<Collection> clone() const override {
        ++asked_.clones;
        return std::make_unique<Counted>(blocks_, asked_);
    }
    uint64_t renew_step(uint64_t position) override {
        asked_.steps.push_back(position);
        return (position + 1) % kSteps;
    }
    size_t blocks() const override { return blocks_; }
    void digest(ValueDigest& /*digest*/) const override {}

private:
    const size_t blocks_;
    Asked& asked_;
};

// However little time there is, each is made anew once: the large one in its steps.
TEST_F(CompactionTest, MakesCollectionsAnew) {
    for (const uint64_t budget_ns : {0, 1'000'000}) {
        Counted::Asked of_small;
        Counted::Asked of_large;
        const auto add = [&](const std::string& key, size_t blocks, Counted::Asked& asked) {
            Entry* const entry = keyspace_.builder().collection(
                key, std::make_unique<Counted>(blocks, asked), ExpiryRoom::No);
            keyspace_.database(1).insert(entry, keyspace_.hash(key));
        };
        for (int i = 0; i < 100; ++i) add("small:" + std::to_string(i), 10, of_small);
        add("large", 100'000, of_large);
        while (!compaction_.run(budget_ns)) {
        }
        EXPECT_EQ(of_small.clones + of_large.clones, 0);  // Nobody has asked for that.
        EXPECT_TRUE(of_large.steps.empty());

        compaction_.set_renewing(true);
        while (!compaction_.run(budget_ns)) {
        }
        EXPECT_EQ(of_small.clones, 100);
        EXPECT_TRUE(of_small.steps.empty());
        EXPECT_EQ(of_large.clones, 0);
        EXPECT_EQ(of_large.steps, (std::vector<uint64_t>{0, 1, 2, 3, 4}));
        compaction_.set_renewing(false);
        keyspace_.flush(1);
        while (keyspace_.drain_condemned(SIZE_MAX)) {
        }
        turn();
    }
}

TEST_F(CompactionTest, AWalkOfNothingEndsAtOnce) {
    EXPECT_TRUE(compaction_.run(1000));
    EXPECT_FALSE(compaction_.under_way());
}

}  // namespace
}  // namespace millrace::keyspace
