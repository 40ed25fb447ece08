// SPDX-License-Identifier: BSD-3-Clause
//
// The files of the log on a disk that fails or loses its power at one certain moment: what the
// torture finds by chance, said by name.
#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <string>

#include "machine.h"
#include "persistence/aof/files.h"
#include "sim_disk.h"

namespace millrace::torture {
namespace {

using persistence::AofSettings;
using persistence::AppendFsync;
using persistence::aof::Files;

const std::string kFolder = "appendonlydir/";
const std::string kMark = kFolder + "appendonly.aof.unsynced";
const std::string kManifest = kFolder + "appendonly.aof.manifest";
// What was not synced is lost, bytes and names.
constexpr Damage kAllLost{.bytes = Fate::Lost, .names = Fate::Lost};
// Names come to the disk by themselves, bytes do not.
constexpr Damage kBytesLost{.bytes = Fate::Lost, .names = Fate::Kept};

class LogFilesTest : public testing::Test {
protected:
    LogFilesTest() {
        settings_.appendfsync = AppendFsync::EverySecond;
        settings_.auto_aof_rewrite_percentage = 0;
        disk_.fault = [this](Call call, const std::string& path) {
            const bool fails = call == failing_ && path.find(failing_path_) != std::string::npos &&
                               failures_left_ > 0 && to_pass_-- <= 0;
            if (fails) --failures_left_;
            return fails ? EIO : 0;
        };
        boot();
    }

    void boot() {
        machine_.reset();
        machine_ = std::make_unique<Machine>(disk_, settings_);
        const Status started = machine_->start();
        ASSERT_TRUE(started.ok()) << started.error().text();
    }
    void write(int units) {
        for (int i = 0; i < units; ++i) {
            ASSERT_TRUE(machine_->write_unit());
            machine_->attend(1);
            machine_->settle();
        }
    }
    void live(int64_t milliseconds) {
        for (int64_t i = 0; i < milliseconds; i += 10) machine_->attend(10);
    }
    // Calls of that kind, to paths with these words in them, fail, after the first `passing`.
    void fail(Call call, std::string path, int times, int passing = 0) {
        failing_ = call;
        failing_path_ = std::move(path);
        failures_left_ = times;
        to_pass_ = passing;
    }
    bool has(const std::string& path) const { return disk_.image_now().files.contains(path); }
    std::string manifest() const { return disk_.image_now().files.at(kManifest); }
    // How many units a server finds on what a power cut leaves; nothing if it does not start.
    static std::optional<uint64_t> found_on(const Image& image, const AofSettings& settings) {
        SimDisk disk(image);
        Machine machine(disk, settings);
        if (!machine.start().ok()) return std::nullopt;
        return machine.written();
    }
    std::optional<uint64_t> found_after(const Damage& damage) const {
        return found_on(disk_.image_at(disk_.history_size(), damage), settings_);
    }

    AofSettings settings_;
    SimDisk disk_;
    Call failing_ = Call::Sync;
    std::string failing_path_;
    int failures_left_ = 0;
    int to_pass_ = 0;
    std::unique_ptr<Machine> machine_;
};

// --- the mark of bytes that a sync has failed to write ---

TEST_F(LogFilesTest, AFailedSyncIsMarkedUntilABaseMakesUpForIt) {
    write(4);
    EXPECT_FALSE(has(kMark));
    fail(Call::Sync, ".incr.aof", 1);
    live(1500);
    EXPECT_EQ(failures_left_, 0);
    live(3000);  // A rewrite follows by itself.
    EXPECT_FALSE(has(kMark));
    EXPECT_EQ(machine_->synced(), 4u);
    EXPECT_EQ(found_after(kAllLost), 4u);
}

TEST_F(LogFilesTest, WhatWasLoadedIsWrittenAgainIfASyncHadFailed) {
    write(4);
    fail(Call::Sync, ".incr.aof", 1);
    while (failures_left_ > 0) machine_->attend(10);
    machine_->kill();
    ASSERT_TRUE(has(kMark));
    const std::string before = manifest();
    boot();
    EXPECT_FALSE(has(kMark));
    EXPECT_EQ(machine_->written(), 4u);
    // Another base, and another file behind it.
    EXPECT_EQ(before.find(".2.base."), std::string::npos);
    EXPECT_NE(manifest().find(".2.base."), std::string::npos);
    EXPECT_NE(manifest().find(".2.incr.aof"), std::string::npos);
    EXPECT_EQ(found_after(kAllLost), 4u);
    write(2);
    EXPECT_EQ(found_on(disk_.image_now(), settings_), 6u);
}

TEST_F(LogFilesTest, TheMarkStaysIfWhatWasLoadedCannotBeWrittenAgain) {
    write(4);
    fail(Call::Sync, ".incr.aof", 1);
    while (failures_left_ > 0) machine_->attend(10);
    machine_->kill();
    machine_.reset();
    fail(Call::Rename, kManifest, 1);
    {
        Machine machine(disk_, settings_);
        EXPECT_FALSE(machine.start().ok());
    }
    EXPECT_TRUE(has(kMark));
    boot();
    EXPECT_FALSE(has(kMark));
    EXPECT_EQ(found_after(kAllLost), 4u);
}

// --- names ---

TEST_F(LogFilesTest, ANewFileHasNothingOfAnEarlierOneOfItsName) {
    machine_->kill();
    SimDisk disk;
    Handle handle(disk);
    const AofSettings settings;
    const Files files(handle, settings);
    ASSERT_TRUE(files.make_folder().ok());
    const std::string_view old = "old";
    {
        const auto file = handle.open(files.path("file"), true);
        ASSERT_TRUE((*file)->append({&old, 1}).ok());
        ASSERT_TRUE((*file)->sync().ok());
        ASSERT_TRUE(handle.sync_folder(files.folder()).ok());
    }
    ASSERT_TRUE(files.make("file").ok());
    EXPECT_EQ(disk.image_now().files.at(files.path("file")), "");
    ASSERT_TRUE(handle.rename(files.path("file"), files.path("other")).ok());
    // Emptied, not made anew, it would come back as it was, under the other name.
    const Image image = disk.image_at(disk.history_size(), kBytesLost);
    EXPECT_EQ(image.files.at(files.path("other")), "");
    EXPECT_FALSE(image.files.contains(files.path("file")));
    EXPECT_TRUE(files.make("never").ok());
}

// A manifest got its name, but its folder could not be synced: the rewrite has failed. The next one
// put its base, which was newer, under a name that a restart would have found together with the
// increments of the first one.
TEST_F(LogFilesTest, NamesInAManifestThatMayBeFoundAreNotGivenAgain) {
    write(4);
    ASSERT_TRUE(machine_->set_enabled(false).ok());
    live(100);
    // Of the first base: its own name, its increment's, then the manifest's.
    ASSERT_TRUE(machine_->set_enabled(true).ok());
    machine_->attend(0);
    fail(Call::SyncFolder, "appendonlydir", 1, 2);
    while (failures_left_ > 0 || machine_->is_rewriting()) {
        ASSERT_TRUE(machine_->write_unit());
        machine_->attend(1);
    }
    EXPECT_NE(manifest().find(".2.base."), std::string::npos);
    // The next one gets as far as the name of its base.
    write(6);
    fail(Call::SyncFolder, "appendonlydir", 1);
    for (int i = 0; i < 1000 && failures_left_ > 0; ++i) {
        ASSERT_TRUE(machine_->write_unit());
        machine_->attend(100);
    }
    EXPECT_EQ(failures_left_, 0);
    machine_->kill();
    EXPECT_TRUE(found_on(disk_.image_now(), settings_).has_value());
}

// The same of the increment that a rewrite makes first: the next one removed it to make it anew,
// and when that failed the manifest named a file that was not there.
TEST_F(LogFilesTest, AFileInAManifestThatMayBeFoundIsNotRemoved) {
    write(4);
    // One before the manifest, one for it.
    fail(Call::SyncFolder, "appendonlydir", 1, 1);
    machine_->rewrite();
    while (machine_->is_rewriting()) machine_->attend(1);
    ASSERT_EQ(failures_left_, 0);
    ASSERT_NE(manifest().find(".2.incr.aof"), std::string::npos);
    fail(Call::Open, ".incr.aof", 1);
    machine_->rewrite();
    while (machine_->is_rewriting()) machine_->attend(1);
    ASSERT_EQ(failures_left_, 0);
    machine_->kill();
    EXPECT_EQ(found_on(disk_.image_now(), settings_), 4u);
}

}  // namespace
}  // namespace millrace::torture
