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
const std::string kNote = kFolder + "appendonly.aof.synced";
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
            if (is_broken_) return EIO;
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
    void break_disk() { is_broken_ = true; }
    void mend_disk() { is_broken_ = false; }
    // Bytes that went to the log's files behind that place in the history.
    uint64_t written_again_since(size_t before) const {
        return written_since(disk_, before);
    }
    // The same, of a start with that note beside the log.
    uint64_t found_writing_again(Image image, const std::string& note) const {
        image.files[kNote] = note;
        SimDisk disk(image);
        Machine machine(disk, settings_);
        EXPECT_TRUE(machine.start().ok());
        EXPECT_EQ(machine.written(), 4u);
        return written_since(disk, 0);
    }
    static uint64_t written_since(const SimDisk& disk, size_t before) {
        uint64_t bytes = 0;
        for (size_t i = before; i < disk.history().size(); ++i) {
            const Operation& each = disk.history()[i];
            const bool is_log = each.path.find(".incr.") != std::string::npos;
            if (each.action == Action::Append && is_log) bytes += each.bytes.size();
        }
        return bytes;
    }
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
    bool is_broken_ = false;
    std::unique_ptr<Machine> machine_;
};

// The files alone, without a server.
class FilesTest : public testing::Test {
protected:
    void SetUp() override { ASSERT_TRUE(files_.make_folder().ok()); }

    SimDisk disk_;
    Handle handle_{disk_};
    const AofSettings settings_{};
    const Files files_{handle_, settings_};
};

// --- bytes that a sync has failed to write ---

TEST_F(LogFilesTest, ABaseMakesUpForAFailedSync) {
    write(4);
    fail(Call::Sync, ".incr.aof", 1);
    live(1500);
    EXPECT_EQ(failures_left_, 0);
    live(3000);  // A rewrite follows by itself.
    EXPECT_EQ(machine_->synced(), 4u);
    EXPECT_EQ(found_after(kAllLost), 4u);
}

TEST_F(LogFilesTest, WhatASyncHasFailedToWriteTheNextStartWritesAgain) {
    write(4);
    fail(Call::Sync, ".incr.aof", 1);
    while (failures_left_ > 0) machine_->attend(10);
    machine_->kill();
    const std::string before = manifest();
    boot();
    EXPECT_EQ(machine_->written(), 4u);
    EXPECT_EQ(manifest(), before);
    EXPECT_EQ(found_after(kAllLost), 4u);
}

// There was a mark of failed syncs, and a disk that did not take it either: the next start built on
// bytes that were not on disk, and what it promised was lost with them.
TEST_F(LogFilesTest, ADiskThatTakesNothingBeforeADeathMisleadsNobody) {
    write(4);
    fail(Call::Sync, ".incr.aof", 1);
    while (failures_left_ > 0) machine_->attend(1);
    break_disk();
    live(3000);
    machine_->kill();
    machine_.reset();
    mend_disk();
    boot();
    write(2);
    live(1500);
    EXPECT_EQ(machine_->synced(), 6u);
    EXPECT_EQ(found_after(kAllLost), 6u);
}

TEST_F(LogFilesTest, ABaseTakesThePlaceOfWhatCannotBeSyncedAtAStart) {
    write(4);
    machine_->kill();
    fail(Call::Sync, ".incr.aof", 1);
    boot();
    EXPECT_EQ(failures_left_, 0);
    EXPECT_EQ(machine_->written(), 4u);
    EXPECT_NE(manifest().find(".2.base."), std::string::npos);
    EXPECT_NE(manifest().find(".2.incr.aof"), std::string::npos);
    EXPECT_EQ(found_after(kAllLost), 4u);
    write(2);
    EXPECT_EQ(found_on(disk_.image_now(), settings_), 6u);
}

TEST_F(LogFilesTest, WhatIsNotedToBeOnDiskIsNotWrittenAgain) {
    write(60);
    live(1500);
    write(2);
    machine_->kill();
    machine_.reset();
    size_t before = disk_.history_size();
    boot();
    EXPECT_GT(written_again_since(before), 0u);
    EXPECT_LT(written_again_since(before), 200u + 300u);  // Piece and rest.
    machine_->end();
    machine_.reset();
    before = disk_.history_size();
    boot();
    EXPECT_EQ(written_again_since(before), 0u);
    EXPECT_EQ(machine_->written(), 62u);
}

TEST_F(LogFilesTest, NotesThatAreDamagedOrSayTooMuchAreNotBelieved) {
    write(4);
    live(1500);
    machine_->kill();
    const Image image = disk_.image_now();
    const std::string log = kFolder + "appendonly.aof.1.incr.aof";
    const size_t size = image.files.at(log).size();
    const std::string name = " appendonly.aof.1.incr.aof\n";
    EXPECT_EQ(found_writing_again(image, std::to_string(size) + name), 0u);
    EXPECT_EQ(found_writing_again(image, std::to_string(size - 1) + name), 1u);
    EXPECT_EQ(found_writing_again(image, std::to_string(size + 1) + name), size);
    EXPECT_EQ(found_writing_again(image, "3 appendonly.aof.7.incr.aof\n"), size);
    EXPECT_EQ(found_writing_again(image, "3 appendonly.aof.1"), size);
    EXPECT_EQ(found_writing_again(image, "-1" + name), size);
    EXPECT_EQ(found_writing_again(image, "\n"), size);
    EXPECT_EQ(found_writing_again(image, ""), size);
}

TEST_F(FilesTest, AnotherFileOfTheSameNameHasNothingOnDisk) {
    ASSERT_TRUE(files_.note_synced({"one", 100}).ok());
    ASSERT_TRUE(files_.make("two").ok());
    EXPECT_TRUE(disk_.image_now().files.contains(kNote));
    ASSERT_TRUE(files_.make("one").ok());
    EXPECT_FALSE(disk_.image_now().files.contains(kNote));
    ASSERT_TRUE(files_.note_synced({"three", 100}).ok());
    ASSERT_TRUE(files_.install(files_.path("two"), "three").ok());
    EXPECT_FALSE(disk_.image_now().files.contains(kNote));
}

// --- replies ---

// In the first tick after a start it looked as if the disk had not answered since 1970, and replies
// left before their effects were written.
TEST_F(LogFilesTest, TheFirstRepliesWaitForTheLogToo) {
    machine_->delay_writes(500);
    ASSERT_TRUE(machine_->write_unit());
    for (int64_t time = 0; time < 400; time += 50) {
        machine_->attend(50);
        ASSERT_EQ(machine_->acknowledged(), 0u) << time;
    }
    live(200);
    EXPECT_EQ(machine_->acknowledged(), 1u);
}

// --- names ---

TEST_F(FilesTest, ANewFileHasNothingOfAnEarlierOneOfItsName) {
    const std::string_view old = "old";
    {
        const auto file = handle_.open(files_.path("file"), true);
        ASSERT_TRUE((*file)->append({&old, 1}).ok());
        ASSERT_TRUE((*file)->sync().ok());
        ASSERT_TRUE(handle_.sync_folder(files_.folder()).ok());
    }
    ASSERT_TRUE(files_.make("file").ok());
    EXPECT_EQ(disk_.image_now().files.at(files_.path("file")), "");
    ASSERT_TRUE(handle_.rename(files_.path("file"), files_.path("other")).ok());
    // Emptied, not made anew, it would come back as it was, under the other name.
    const Image image = disk_.image_at(disk_.history_size(), kBytesLost);
    EXPECT_EQ(image.files.at(files_.path("other")), "");
    EXPECT_FALSE(image.files.contains(files_.path("file")));
    EXPECT_TRUE(files_.make("never").ok());
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

// A server that was started without the log knew none of its files: the first base of a log that
// was switched on got the name of an old one, and for a moment the old manifest led to it.
TEST_F(LogFilesTest, ALogThatIsSwitchedOnTakesNoNamesThatAreInUse) {
    write(4);
    machine_->kill();
    machine_ = std::make_unique<Machine>(disk_, settings_);
    ASSERT_TRUE(machine_->start_without_log().ok());
    ASSERT_TRUE(machine_->set_enabled(true).ok());
    live(1000);
    EXPECT_NE(manifest().find(".2.base."), std::string::npos) << manifest();
    EXPECT_NE(manifest().find(".2.incr.aof"), std::string::npos) << manifest();
    const size_t end = disk_.history_size();
    for (size_t at = 0; at < end; ++at) {
        const Image image = disk_.image_at(at, {.bytes = Fate::Kept, .names = Fate::Kept});
        const auto found = found_on(image, settings_);
        ASSERT_TRUE(found.has_value()) << at;
    }
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
