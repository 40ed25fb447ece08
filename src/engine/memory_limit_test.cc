// SPDX-License-Identifier: BSD-3-Clause
#include "engine/memory_limit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/byte_buffer.h"
#include "base/memory.h"
#include "engine/command.h"
#include "engine/engine.h"

namespace millrace::engine {
namespace {

constexpr CommandSpec kOfNothing[] = {
    {.name = "NOTHING", .arity = 1, .run = [](Call&) -> Status { return done(); }},
};

class Time final : public TimeSource {
public:
    int64_t wall_microseconds() const override { return now_us; }
    int64_t monotonic_nanoseconds() const override { return now_us * 1000; }
    int64_t now_us = 1'000'000'000;
};

class Entropy final : public EntropySource {
public:
    uint64_t next() override { return 4; }
};

// Keeps much more for each key that it hears of than the key took.
class Chatter final : public KeyChangeListener {
public:
    void on_key_change(std::string_view, int) override { said.append(std::string(4000, 'x')); }
    ByteBuffer said;
};

class MemoryLimitTest : public ::testing::Test {
protected:
    static constexpr int kKeys = 2000;
    static constexpr size_t kValueBytes = 900;

    MemoryLimitTest()
        : commands_(tables_),
          keyspace_(4, SipKey{1, 2}, heaps_),
          engine_({.commands = commands_,
                   .keyspace = keyspace_,
                   .settings = engine_settings_,
                   .config = config_,
                   .command_log = command_log_,
                   .latency = latency_,
                   .info = info_,
                   .server = state_,
                   .time = time_,
                   .entropy = entropy_}) {
        settings_.maxmemory_policy = keyspace::MaxmemoryPolicy::AllkeysLru;
        settings_.maxmemory_eviction_tenacity = 100;
        const std::string value(kValueBytes, 'x');
        for (int i = 0; i < kKeys; ++i) {
            const std::string key = "key" + std::to_string(i);
            keyspace_.database(0).insert(
                keyspace_.builder().string(key, value, keyspace::ExpiryRoom::No),
                keyspace_.hash(key));
        }
    }

    void limit_to(uint64_t bytes) {
        engine_.memory_limit().configure(settings_, bytes);
        engine_.begin_batch();
    }
    // A turn passes, and what waited in limbo is freed if `release`.
    void turn(bool release) {
        ++turn_;
        keyspace_.limbo().begin_turn(turn_, release ? turn_ : 1);
        while (auto block = keyspace_.limbo().take_released()) keyspace_.free_block(*block);
        engine_.begin_batch();
    }
    size_t evicted() { return keyspace_.counters().evicted; }

    structures::SlabHeapPool heaps_;
    CommandTable table_{kOfNothing};
    const CommandTable* tables_[1] = {&table_};
    CommandRegistry commands_;
    keyspace::Keyspace keyspace_;
    keyspace::Settings settings_;
    Settings engine_settings_;
    config::Registry config_;
    observe::CommandLog command_log_;
    observe::LatencyMonitor latency_;
    observe::InfoRegistry info_;
    observe::ServerState state_;
    Time time_;
    Entropy entropy_;
    Engine engine_;
    uint64_t turn_ = 1;
};

TEST_F(MemoryLimitTest, EvictsNoMoreThanItMust) {
    limit_to(used_bytes() - 500 * kValueBytes);
    EXPECT_TRUE(engine_.memory_limit().make_room());
    const size_t first = evicted();
    EXPECT_GT(first, 400u);
    EXPECT_LE(first, 500u);  // An entry takes more than its value.
    // Nothing has been freed, but what has been given up counts as gone.
    for (int i = 0; i < 10; ++i) {
        turn(false);
        EXPECT_TRUE(engine_.memory_limit().make_room());
    }
    // Limbo takes a block a turn here, which does not count either; what is left is the list of the
    // blocks.
    const size_t second = evicted();
    EXPECT_LE(second, first + 1);
    turn(true);
    EXPECT_EQ(keyspace_.condemned_bytes(), 0u);
    EXPECT_LE(used_bytes(), engine_.memory_limit().limit() + 4096);
    EXPECT_TRUE(engine_.memory_limit().make_room());
    EXPECT_EQ(evicted(), second);
}

// Ten clients were told of each key that went, which took ten times the memory of the key: so more
// keys went, up to the last one.
TEST_F(MemoryLimitTest, WhatIsSaidOfVictimsCostsNoFurtherKeys) {
    Chatter chatter;
    engine_.add_change_listener(&chatter);
    limit_to(used_bytes() - 100 * kValueBytes);
    EXPECT_TRUE(engine_.memory_limit().make_room());
    EXPECT_GT(evicted(), 80u);
    EXPECT_LE(evicted(), 100u);
    engine_.remove_change_listener(&chatter);
}

// While the index of expiries is made anew there are two of them, which cost a cache of volatile
// keys one in forty.
TEST_F(MemoryLimitTest, AnIndexThatIsMadeAnewCostsNoFurtherKeys) {
    constexpr int kExpiring = 40'000;
    keyspace::Database& database = keyspace_.database(1);
    const auto key_of = [](int i) { return "expiring" + std::to_string(i); };
    for (int i = 0; i < kExpiring; ++i) {
        keyspace::Entry* const entry =
            keyspace_.builder().string(key_of(i), "x", keyspace::ExpiryRoom::Yes);
        entry->set_expire_at_ms(10'000'000 + i);
        database.insert(entry, keyspace_.hash(key_of(i)));
    }
    EXPECT_FALSE(keyspace_.tidy_expiry_indexes(1));
    EXPECT_EQ(keyspace_.condemned_bytes(), 0u);  // Nothing in it is stale.
    for (int i = 0; i < kExpiring; i += 2) {
        const uint64_t hash = keyspace_.hash(key_of(i));
        const auto position = database.find(key_of(i), hash);
        keyspace::Entry* const entry = position.element();
        database.remove(position, hash);
        keyspace_.retire(entry);
    }
    turn(true);
    const size_t records = database.expiry_index().records();
    EXPECT_EQ(records, size_t{kExpiring});
    const size_t index_bytes = database.expiry_index().memory_bytes();
    const uint64_t begin = used_bytes();
    int steps = 0;
    uint64_t twice_at_most = 0;
    do {
        const bool more = keyspace_.tidy_expiry_indexes(4);
        EXPECT_EQ(more, keyspace_.condemned_bytes() > 0);
        ASSERT_LT(++steps, 1000);
        twice_at_most = std::max(twice_at_most, keyspace_.condemned_bytes());
        EXPECT_LE(used_bytes() - keyspace_.condemned_bytes(), begin + 32768);  // Empty slots.
    } while (database.expiry_index().records() == records);
    EXPECT_GT(steps, 10);
    EXPECT_GT(twice_at_most, kExpiring / 2 * sizeof(uint32_t) * 3 / 4);
    EXPECT_EQ(keyspace_.condemned_bytes(), 0u);
    EXPECT_EQ(database.expiry_index().records(), size_t{kExpiring} / 2);
    EXPECT_LT(database.expiry_index().memory_bytes(), index_bytes);
}

TEST_F(MemoryLimitTest, WhatWasFlushedIsOnItsWayOut) {
    limit_to(used_bytes() + 4096);
    keyspace_.flush(0);
    const auto about = static_cast<double>(kKeys * kValueBytes);
    EXPECT_NEAR(static_cast<double>(keyspace_.condemned_bytes()), about, about / 5);
    for (int i = 0; keyspace_.drain_condemned(8); ++i) {
        EXPECT_NEAR(static_cast<double>(keyspace_.condemned_bytes()), about, about / 5);
    }
    turn(true);
    EXPECT_EQ(keyspace_.condemned_bytes(), 0u);
}

TEST_F(MemoryLimitTest, RefusesWhereNothingMayGo) {
    settings_.maxmemory_policy = keyspace::MaxmemoryPolicy::VolatileLru;
    limit_to(used_bytes() / 2);
    EXPECT_FALSE(engine_.memory_limit().make_room());
    EXPECT_TRUE(engine_.memory_limit().out_of_memory());
    EXPECT_EQ(evicted(), 0u);
    time_.now_us += 5'000'000;
    EXPECT_EQ(engine_.memory_limit().exceeded_now_ms(), 5000u);
    limit_to(0);
    EXPECT_FALSE(engine_.memory_limit().out_of_memory());
    EXPECT_EQ(engine_.memory_limit().exceeded_now_ms(), 0u);
    EXPECT_EQ(engine_.memory_limit().exceeded_ms(), 5000u);
}

TEST_F(MemoryLimitTest, BuffersThatDoNotCountMakeRoom) {
    limit_to(used_bytes() - 100 * kValueBytes);
    engine_.memory_limit().uncounted().replica_buffers = 200 * kValueBytes;
    EXPECT_TRUE(engine_.memory_limit().make_room());
    EXPECT_EQ(evicted(), 0u);
    settings_.maxmemory_count_buffers = false;
    engine_.memory_limit().uncounted().replica_buffers = 0;
    state_.threads.main().buffer_bytes.add(200 * kValueBytes);
    limit_to(used_bytes() - 100 * kValueBytes);
    EXPECT_TRUE(engine_.memory_limit().make_room());
    EXPECT_EQ(evicted(), 0u);
}

TEST_F(MemoryLimitTest, ALittleTimeIsSharedWithCommands) {
    settings_.maxmemory_eviction_tenacity = 0;
    limit_to(used_bytes() / 2);
    EXPECT_TRUE(engine_.memory_limit().make_room());
    EXPECT_LE(evicted(), 16u);
    EXPECT_TRUE(engine_.memory_limit().evicting());
    for (int i = 0; i < 100'000 && engine_.memory_limit().evicting(); ++i) {
        engine_.begin_batch();
        EXPECT_TRUE(engine_.memory_limit().make_room());
    }
    EXPECT_FALSE(engine_.memory_limit().evicting());
    EXPECT_GT(evicted(), kKeys / 4u);
}

// A busy machine takes the core away in every slice; still nothing may be added for nothing.
TEST_F(MemoryLimitTest, NothingGrowsWhileEvictionRests) {
    settings_.maxmemory_eviction_tenacity = 0;
    limit_to(used_bytes() / 2);
    EXPECT_TRUE(engine_.memory_limit().make_room());
    EXPECT_TRUE(engine_.memory_limit().evicting());
    const std::string value(kValueBytes, 'y');
    const uint64_t begin = used_bytes() - keyspace_.condemned_bytes();
    for (int i = 0; i < kKeys; ++i) {
        const std::string key = "fresh" + std::to_string(i);
        keyspace_.database(0).insert(
            keyspace_.builder().string(key, value, keyspace::ExpiryRoom::No), keyspace_.hash(key));
        engine_.begin_batch();
        EXPECT_TRUE(engine_.memory_limit().make_room());
        ASSERT_LE(used_bytes() - keyspace_.condemned_bytes(), begin + 2 * kValueBytes);
    }
    EXPECT_GE(evicted(), size_t{kKeys});
}

// What a batch had brought along stayed above the limit when a slice was too short for it.
TEST_F(MemoryLimitTest, WhatABatchBringsAlongIsMadeUpForBeforeItsEnd) {
    constexpr int kBatch = 400;
    settings_.maxmemory_eviction_tenacity = 1;
    limit_to(used_bytes() / 2);
    EXPECT_TRUE(engine_.memory_limit().make_room());
    ASSERT_TRUE(engine_.memory_limit().evicting());
    const std::string value(kValueBytes, 'y');
    const uint64_t begin = used_bytes() - keyspace_.condemned_bytes();
    for (int round = 0; round < 20; ++round) {
        std::vector<keyspace::Entry*> entries;
        for (int i = 0; i < kBatch; ++i) {
            const std::string key = "fresh" + std::to_string(round * kBatch + i);
            entries.push_back(keyspace_.builder().string(key, value, keyspace::ExpiryRoom::No));
        }
        engine_.begin_batch();
        for (keyspace::Entry* entry : entries) {
            EXPECT_TRUE(engine_.memory_limit().make_room());
            keyspace_.database(0).insert(entry, keyspace_.hash(entry->key()));
        }
        ASSERT_LE(used_bytes() - keyspace_.condemned_bytes(), begin + 10 * kValueBytes) << round;
    }
}

// The largest limits that there are were taken for negative ones: everything was evicted.
TEST_F(MemoryLimitTest, ALimitBeyondAllMemoryIsNeverReached) {
    for (const uint64_t limit : {uint64_t{1} << 63, UINT64_MAX}) {
        limit_to(limit);
        EXPECT_TRUE(engine_.memory_limit().make_room());
        EXPECT_FALSE(engine_.memory_limit().out_of_memory());
        EXPECT_EQ(evicted(), 0u);
        EXPECT_EQ(engine_.conditions() & kMemoryLimited, 0u);
        EXPECT_EQ(engine_.memory_limit().limit(), limit);
    }
}

TEST_F(MemoryLimitTest, TheStraightWayIsClosedOnlyNearTheLimit) {
    limit_to(used_bytes() + (uint64_t{100} << 20));
    EXPECT_EQ(engine_.conditions() & kMemoryLimited, 0u);
    limit_to(used_bytes() + 1000);
    EXPECT_NE(engine_.conditions() & kMemoryLimited, 0u);
    limit_to(0);
    EXPECT_EQ(engine_.conditions() & kMemoryLimited, 0u);
}

}  // namespace
}  // namespace millrace::engine
