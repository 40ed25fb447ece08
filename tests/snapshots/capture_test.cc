// SPDX-License-Identifier: BSD-3-Clause
//
// The capture, key by key: between any two commands the walk may take one key, or none.
#include <gtest/gtest.h>

#include "commands.h"
#include "dataset.h"

namespace millrace::test {
namespace {

using keyspace::CapturedBy;
using keyspace::Entry;
using transcript::World;

// Notes every key as it is when it is taken.
class Notes final : public keyspace::CaptureSink {
public:
    void take(int db, Entry& entry, CapturedBy by) override {
        const auto added =
            dataset.emplace(std::pair(db, std::string(entry.key())), describe(entry));
        EXPECT_TRUE(added.second) << "taken twice: " << entry.key();
        ++(by == CapturedBy::Walk ? walked : changed);
    }
    Dataset dataset;
    int walked = 0;
    int changed = 0;
};

void expect_all_settled(keyspace::Keyspace& keyspace) {
    for (int db = 0; db < keyspace.database_count(); ++db) {
        keyspace::Database& database = keyspace.database(db);
        EXPECT_FALSE(database.being_captured());
        uint64_t position = 0;
        do {
            position = database.table().visit_segment(
                position, [&](auto at) { ASSERT_TRUE(database.is_captured(at)); });
        } while (position != 0);
    }
}

// One snapshot during which `commands` run; `rarely`: one in so many is followed by a step.
void take_one(World& world, RandomCommands& commands, uint64_t rarely) {
    keyspace::Keyspace& keyspace = world.engine().keyspace();
    const Dataset expected = describe(keyspace);
    Notes notes;
    keyspace.capture().begin(notes);
    bool more = keyspace.capture().walking();
    for (int count = 0; more; ++count) {
        commands.run();
        (void)keyspace.expire_due(1000);
        (void)keyspace.drain_condemned(1);
        const bool hurry = count > 3000;
        if (hurry || commands.below(rarely) == 0) {
            more = keyspace.capture().step([&] { return hurry; });
        }
        if (::testing::Test::HasFatalFailure()) return;
    }
    EXPECT_GT(notes.changed, 0);
    EXPECT_TRUE(notes.dataset == expected);
    for (const auto& [name, value] : expected) {
        const auto found = notes.dataset.find(name);
        ASSERT_NE(found, notes.dataset.end()) << name.first << " " << name.second;
        ASSERT_EQ(found->second, value) << name.first << " " << name.second;
    }
    ASSERT_EQ(notes.dataset.size(), expected.size());
    expect_all_settled(keyspace);
}

TEST(Capture, ShowsTheCutWhateverHappensMeanwhile) {
    for (uint64_t seed = 1; seed <= 8; ++seed) {
        SCOPED_TRACE(seed);
        World world;
        RandomCommands commands(world, seed, 300);
        commands.fill();
        for (int round = 0; round < 3; ++round) {
            take_one(world, commands, 1 + seed % 4);
            if (::testing::Test::HasFatalFailure()) return;
        }
    }
}

TEST(Capture, GivenUpSettlesQuietly) {
    World world;
    RandomCommands commands(world, 7, 300);
    commands.fill();
    keyspace::Keyspace& keyspace = world.engine().keyspace();
    Notes notes;
    keyspace.capture().begin(notes);
    for (int i = 0; i < 100; ++i) {
        commands.run();
        keyspace.capture().step([] { return false; });
    }
    keyspace.capture().give_up();
    const size_t noted = notes.dataset.size();
    while (keyspace.capture().step([] { return true; })) commands.run();
    EXPECT_EQ(notes.dataset.size(), noted);
    expect_all_settled(keyspace);
    take_one(world, commands, 2);
}

TEST(Capture, FlushedDatabasesAreFreedOnceTheyHaveBeenWalked) {
    World world;
    RandomCommands commands(world, 3, 300);
    commands.fill();
    keyspace::Keyspace& keyspace = world.engine().keyspace();
    while (keyspace.drain_condemned(1)) {  // What was flushed before.
    }
    const Dataset expected = describe(keyspace);
    Notes notes;
    keyspace.capture().begin(notes);
    world.send("client", {"FLUSHALL"});
    EXPECT_FALSE(keyspace.drain_condemned(1));
    EXPECT_GT(keyspace.condemned_objects(), 0u);
    while (keyspace.capture().step([] { return true; })) {
    }
    EXPECT_EQ(notes.dataset, expected);
    while (keyspace.drain_condemned(1)) {
    }
    EXPECT_EQ(keyspace.condemned_objects(), 0u);
    expect_all_settled(keyspace);
}

// Passes all that it is shown to another thread, which is slow.
class SlowReader final : public keyspace::CaptureSink {
public:
    explicit SlowReader(keyspace::Capture& capture) : capture_(capture) {}
    void take(int, Entry& entry, CapturedBy) override { capture_.handed_over(entry, 1); }

private:
    keyspace::Capture& capture_;
};

TEST(Capture, WhatASlowReaderHeldBackIsLetGoInSlices) {
    constexpr int kKeys = 100;
    World world;
    for (int i = 0; i < kKeys; ++i) world.send("client", {"SET", std::to_string(i), "old"});
    keyspace::Capture& capture = world.engine().keyspace().capture();
    SlowReader reader(capture);
    capture.begin(reader);
    while (capture.step([] { return true; })) {
    }
    for (int i = 0; i < kKeys; ++i) world.send("client", {"SET", std::to_string(i), "new"});
    EXPECT_EQ(capture.held_strings(), size_t{kKeys});
    EXPECT_FALSE(capture.may_let_go());
    capture.returned(1);
    EXPECT_EQ(capture.held_strings(), size_t{kKeys});
    EXPECT_TRUE(capture.may_let_go());
    int asked = 0;
    capture.let_go([&] { return ++asked < 3; });
    EXPECT_GT(capture.held_strings(), 0u);
    EXPECT_LT(capture.held_strings(), size_t{kKeys});
    capture.let_go([] { return true; });
    EXPECT_EQ(capture.held_strings(), 0u);
    EXPECT_FALSE(capture.may_let_go());
}

}  // namespace
}  // namespace millrace::test
