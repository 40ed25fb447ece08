// SPDX-License-Identifier: BSD-3-Clause
//
// Whole snapshots: what is written, loaded again, is the dataset at the cut; with a target that
// stands still at times, fails, or is given up.
#include "persistence/snapshot/snapshots.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <optional>
#include <thread>

#include "commands.h"
#include "dataset.h"
#include "persistence/rdb/dataset_reader.h"

namespace millrace::test {
namespace {

using persistence::snapshot::Purpose;
using persistence::snapshot::SnapshotRequest;
using persistence::snapshot::Snapshots;
using persistence::snapshot::SnapshotTarget;
using transcript::World;

// What the tests see and steer of a target.
struct Disk {
    std::string bytes;  // Read once the snapshot has ended.
    bool finished = false;
    bool abandoned = false;
    std::atomic<bool> open{true};  // Shut: the thread waits before it writes.
    std::atomic<bool> full{false};
};

class DiskTarget final : public SnapshotTarget {
public:
    explicit DiskTarget(Disk& disk) : disk_(disk) {}
    Status open() override { return write({}); }
    Status write(std::string_view bytes) override {
        while (!disk_.open.load()) std::this_thread::sleep_for(std::chrono::microseconds(200));
        if (disk_.full.load()) return system_error("disk", ENOSPC);
        disk_.bytes += bytes;
        return done();
    }
    Status finish() override {
        disk_.finished = true;
        return done();
    }
    void abandon() override { disk_.abandoned = true; }

private:
    Disk& disk_;
};

class SnapshotTest : public ::testing::Test {
protected:
    void ask(Purpose purpose = Purpose::File) {
        disk.bytes.clear();
        disk.finished = disk.abandoned = false;
        outcome.reset();
        snapshots.request({.purpose = purpose,
                           .target = std::make_unique<DiskTarget>(disk),
                           .at_cut = [this] { expected = describe(keyspace()); },
                           .ended =
                               [this](const Status& status) {
                                   outcome = status.ok() ? 0 : status.error().code();
                               }});
    }
    void attend() { (void)snapshots.attend(0, false); }
    void wait() {
        for (int i = 0; !outcome && i < 20000; ++i) {
            attend();
            if (i > 100) std::this_thread::sleep_for(std::chrono::microseconds(500));
        }
        ASSERT_TRUE(outcome.has_value());
    }
    // What has been written, loaded into a server of its own.
    void expect_file_shows_the_cut() {
        World other;
        keyspace::Keyspace& loaded = other.engine().keyspace();
        loaded.set_now_ms(world.now_ms());
        persistence::rdb::DatasetReader reader(loaded, {.drops_expired = false}, disk.bytes);
        ASSERT_TRUE(reader.check_header().ok());
        const Status status = reader.load();
        ASSERT_TRUE(status.ok()) << status.error().text();
        const Dataset found = describe(loaded);
        ASSERT_EQ(found.size(), expected.size());
        for (const auto& [name, value] : expected) {
            ASSERT_TRUE(found.contains(name)) << name.second;
            ASSERT_EQ(found.at(name), value) << name.second;
        }
    }
    keyspace::Keyspace& keyspace() { return world.engine().keyspace(); }

    World world;
    persistence::RdbSettings settings;
    Disk disk;
    Dataset expected;
    std::optional<int> outcome;  // An errno.
    Snapshots snapshots{
        keyspace(), settings, "",
        [this] { return persistence::snapshot::CutFacts{.now_seconds = world.now_ms() / 1000}; }};
};

TEST_F(SnapshotTest, OfNothingIsAFile) {
    ask();
    wait();
    EXPECT_EQ(outcome, 0);
    EXPECT_TRUE(disk.finished);
    expect_file_shows_the_cut();
    EXPECT_FALSE(snapshots.is_active());
}

// The destructor told those who had asked, and some of them had gone before.
TEST_F(SnapshotTest, StoppingTellsWhoeverAskedAndNobodyLater) {
    RandomCommands(world, 1, 2000).fill();
    ask();
    disk.open = false;
    attend();
    EXPECT_TRUE(snapshots.is_active());
    disk.open = true;
    snapshots.stop();
    ASSERT_TRUE(outcome.has_value());
    EXPECT_TRUE(disk.finished || disk.abandoned);
    EXPECT_FALSE(snapshots.is_busy(Purpose::File));
    outcome.reset();
    snapshots.stop();
    EXPECT_FALSE(outcome.has_value());
}

TEST_F(SnapshotTest, ShowTheCutWhateverHappensMeanwhile) {
    for (uint64_t seed = 1; seed <= 3; ++seed) {
        SCOPED_TRACE(seed);
        RandomCommands commands(world, seed, 12000);
        commands.fill();
        ask();
        disk.open = false;
        for (int i = 0; i < 10000; ++i) {
            // The thread is held up, goes on, is held up.
            if (i % 64 == 0) disk.open = commands.below(4) == 0;
            if (commands.below(20) == 0) attend();
            commands.run();
        }
        disk.open = true;
        wait();
        ASSERT_EQ(outcome, 0);
        expect_file_shows_the_cut();
        if (HasFatalFailure()) return;
        EXPECT_EQ(snapshots.progress().held_bytes, 0u);
        world.send("client", {"FLUSHALL"});
        while (keyspace().drain_condemned(1000)) {
        }
    }
    EXPECT_EQ(snapshots.progress().taken, 3u);
}

TEST_F(SnapshotTest, ThatFailTellWhyAndTheNextOneWorks) {
    RandomCommands commands(world, 5, 12000);
    commands.fill();
    disk.full = true;
    ask();
    for (int i = 0; i < 1000; ++i) commands.run();
    wait();
    EXPECT_EQ(outcome, ENOSPC);
    EXPECT_TRUE(disk.abandoned);
    EXPECT_FALSE(disk.finished);
    disk.full = false;
    ask();
    wait();
    EXPECT_EQ(outcome, 0);
    expect_file_shows_the_cut();
}

TEST_F(SnapshotTest, GivenUpEndAndLetTheNextOneIn) {
    RandomCommands commands(world, 6, 12000);
    commands.fill();
    disk.open = false;
    ask();
    attend();
    EXPECT_TRUE(snapshots.is_busy(Purpose::File));
    EXPECT_FALSE(snapshots.is_busy(Purpose::AofBase));
    for (int i = 0; i < 1000; ++i) commands.run();
    EXPECT_GT(snapshots.progress().held_bytes, 0u);
    snapshots.cancel(Purpose::File);
    disk.open = true;
    wait();
    EXPECT_EQ(outcome, ECANCELED);
    EXPECT_TRUE(disk.abandoned);
    ask(Purpose::AofBase);
    for (int i = 0; i < 1000; ++i) commands.run();
    wait();
    EXPECT_EQ(outcome, 0);
    EXPECT_FALSE(snapshots.is_busy(Purpose::AofBase));
    expect_file_shows_the_cut();
}

TEST_F(SnapshotTest, WaitForEachOther) {
    world.send("client", {"SET", "key", "one"});
    std::vector<int> ends;
    Disk disks[3];
    for (int i = 0; i < 3; ++i) {
        snapshots.request(
            {.purpose = i == 1 ? Purpose::AofBase : Purpose::File,
             .target = std::make_unique<DiskTarget>(disks[i]),
             .at_cut = {},
             .ended = [&ends, i](const Status& status) { ends.push_back(status.ok() ? i : -i); }});
    }
    attend();
    // Both that wait are given up; one of them is of another purpose.
    snapshots.cancel(Purpose::AofBase);
    while (ends.size() < 3) attend();
    EXPECT_EQ(ends, (std::vector<int>{-1, 0, 2}));
    EXPECT_TRUE(disks[0].finished);
    EXPECT_FALSE(disks[1].finished);
    EXPECT_TRUE(disks[2].finished);
}

TEST_F(SnapshotTest, EndWithTheServer) {
    RandomCommands commands(world, 8, 12000);
    commands.fill();
    disk.open = false;
    ask();
    attend();
    for (int i = 0; i < 1000; ++i) commands.run();
    disk.open = true;
}

}  // namespace
}  // namespace millrace::test
