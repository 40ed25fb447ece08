// SPDX-License-Identifier: BSD-3-Clause
//
// The log on a disk that is slow, full, or broken.
#include "persistence/aof/log_writer.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <mutex>
#include <string>

namespace millrace::persistence::aof {
namespace {

// What a test does to a file, and sees of it.
struct FileState {
    std::mutex mutex;
    std::string bytes;
    size_t synced = 0;
    size_t room = SIZE_MAX;   // Bytes that still fit.
    int write_error = 0;
    int sync_error = 0;
    bool cut_fails = false;
    int64_t sync_ms = 0;
    int syncs = 0;
};

class TestFile final : public LogFile {
public:
    explicit TestFile(FileState& state) : state_(state) {}

    Result<size_t> append(std::span<const std::string_view> pieces) override {
        const std::lock_guard lock(state_.mutex);
        if (state_.write_error != 0) return system_error("test", state_.write_error);
        size_t taken = 0;
        for (std::string_view piece : pieces) {
            piece = piece.substr(0, state_.room);
            state_.bytes += piece;
            state_.room -= state_.room == SIZE_MAX ? 0 : piece.size();
            taken += piece.size();
        }
        if (taken == 0) return system_error("test", ENOSPC);
        return taken;
    }
    Status sync() override {
        size_t bytes = 0;
        int64_t delay = 0;
        {
            const std::lock_guard lock(state_.mutex);
            ++state_.syncs;
            delay = state_.sync_ms;
            bytes = state_.bytes.size();
        }
        if (delay > 0) std::this_thread::sleep_for(std::chrono::milliseconds(delay));
        const std::lock_guard lock(state_.mutex);
        if (state_.sync_error != 0) return system_error("test", state_.sync_error);
        state_.synced = bytes;
        return done();
    }
    Status cut(uint64_t bytes) override {
        const std::lock_guard lock(state_.mutex);
        if (state_.cut_fails) return system_error("test", EIO);
        if (state_.room != SIZE_MAX) state_.room += state_.bytes.size() - bytes;
        state_.bytes.resize(bytes);
        return done();
    }

private:
    FileState& state_;
};

class LogWriterTest : public testing::Test {
protected:
    ~LogWriterTest() override { writer_.change_file(nullptr, 0); }

    void open(AppendFsync policy) {
        writer_.set_policy(policy);
        writer_.change_file(std::make_shared<TestFile>(first_), 0);
    }
    void append(std::string_view text) {
        ByteBuffer bytes;
        bytes.append(text);
        offset_ += text.size();
        (void)writer_.append(std::move(bytes), offset_);
    }
    std::string bytes(FileState& state) {
        const std::lock_guard lock(state.mutex);
        return state.bytes;
    }
    int syncs(FileState& state) {
        const std::lock_guard lock(state.mutex);
        return state.syncs;
    }
    // Waits for something that another thread brings about.
    template <typename Condition>
    static bool soon(Condition&& condition) {
        for (int i = 0; i < 4000; ++i) {
            if (condition()) return true;
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        return false;
    }

    FileState first_;
    FileState second_;
    uint64_t offset_ = 0;
    std::atomic<int> deaths_{0};
    SlowLane lane_;
    LogWriter writer_{{.lane = lane_, .wake = [] {}, .die = [this] { ++deaths_; }}};
};

TEST_F(LogWriterTest, AlwaysSyncsWhatItWrites) {
    open(AppendFsync::Always);
    append("hello");
    EXPECT_TRUE(soon([&] { return writer_.synced() == 5; }));
    EXPECT_EQ(bytes(first_), "hello");
    EXPECT_EQ(first_.synced, 5u);
}

TEST_F(LogWriterTest, EverySecondSyncsByItself) {
    open(AppendFsync::EverySecond);
    append("hello");
    EXPECT_TRUE(soon([&] { return writer_.written() == 5; }));
    EXPECT_TRUE(soon([&] { return writer_.synced() == 5; }));
}

TEST_F(LogWriterTest, WritingGoesOnWhileASyncTakesItsTime) {
    first_.sync_ms = 1500;
    open(AppendFsync::EverySecond);
    append("a");
    ASSERT_TRUE(soon([&] { return writer_.sync_is_running(); }));
    append("b");
    EXPECT_TRUE(soon([&] { return writer_.written() == 2; }));
    EXPECT_TRUE(writer_.sync_is_running());
    EXPECT_EQ(writer_.synced(), 0u);
}

TEST_F(LogWriterTest, NoNeverSyncsButWhenAFileEnds) {
    open(AppendFsync::No);
    append("hello");
    EXPECT_TRUE(soon([&] { return writer_.written() == 5; }));
    EXPECT_EQ(writer_.synced(), 0u);
    writer_.change_file(std::make_shared<TestFile>(second_), 0);
    EXPECT_TRUE(soon([&] { return writer_.synced() == 5; }));
    append("x");
    EXPECT_TRUE(soon([&] { return bytes(second_) == "x"; }));
    EXPECT_EQ(bytes(first_), "hello");
}

// What fitted is cut off again, so that the file ends with a whole command.
TEST_F(LogWriterTest, AFullDiskGetsItAllLater) {
    first_.room = 3;
    open(AppendFsync::EverySecond);
    append("hello");
    ASSERT_TRUE(soon([&] { return writer_.write_error() == ENOSPC; }));
    EXPECT_EQ(bytes(first_), "");
    EXPECT_EQ(writer_.written(), 0u);
    append(" world");
    {
        const std::lock_guard lock(first_.mutex);
        first_.room = SIZE_MAX;
    }
    EXPECT_TRUE(soon([&] { return writer_.written() == 11; }));
    EXPECT_EQ(writer_.write_error(), 0);
    EXPECT_EQ(bytes(first_), "hello world");
    EXPECT_EQ(deaths_, 0);
}

TEST_F(LogWriterTest, WhatCannotBeCutOffIsContinued) {
    first_.room = 3;
    first_.cut_fails = true;
    open(AppendFsync::EverySecond);
    append("he");
    append("llo");
    ASSERT_TRUE(soon([&] { return writer_.write_error() == ENOSPC; }));
    {
        const std::lock_guard lock(first_.mutex);
        first_.room = SIZE_MAX;
    }
    EXPECT_TRUE(soon([&] { return writer_.written() == 5; }));
    EXPECT_EQ(bytes(first_), "hello");
}

TEST_F(LogWriterTest, AlwaysDiesWhenItCannotWriteOrSync) {
    first_.write_error = EIO;
    open(AppendFsync::Always);
    append("hello");
    EXPECT_TRUE(soon([&] { return deaths_ > 0; }));
    EXPECT_EQ(writer_.synced(), 0u);
}

// What is behind the change must not be on disk without what is before it.
TEST_F(LogWriterTest, AFileBeginsWhenTheOneBeforeItIsOnDisk) {
    first_.sync_ms = 300;
    open(AppendFsync::EverySecond);
    append("before");
    writer_.change_file(std::make_shared<TestFile>(second_), 0);
    append("behind");
    ASSERT_TRUE(soon([&] { return writer_.written() == 6; }));
    EXPECT_EQ(bytes(second_), "");
    EXPECT_TRUE(soon([&] { return bytes(second_) == "behind"; }));
    EXPECT_GE(writer_.synced(), 6u);
}

TEST_F(LogWriterTest, AFlushWaitsForTheFileBefore) {
    first_.sync_ms = 200;
    open(AppendFsync::EverySecond);
    append("before");
    writer_.change_file(std::make_shared<TestFile>(second_), 0);
    append("behind");
    writer_.flush(true);
    EXPECT_EQ(writer_.synced(), 12u);
    EXPECT_EQ(bytes(second_), "behind");
}

TEST_F(LogWriterTest, AlwaysDiesWhenTheFileBeforeCannotBeSynced) {
    first_.sync_error = EIO;
    open(AppendFsync::EverySecond);
    append("before");
    ASSERT_TRUE(soon([&] { return writer_.written() == 6; }));
    writer_.set_policy(AppendFsync::Always);
    writer_.change_file(std::make_shared<TestFile>(second_), 0);
    EXPECT_TRUE(soon([&] { return deaths_ > 0; }));
}

// The sync of a file that a base has made up for may fail late; nobody needs it any more.
TEST_F(LogWriterTest, ALateFailureOfAFileThatIsNotNeededIsNone) {
    first_.sync_ms = 300;
    first_.sync_error = EIO;
    open(AppendFsync::EverySecond);
    append("before");
    ASSERT_TRUE(soon([&] { return syncs(first_) > 0 || writer_.written() == 6; }));
    writer_.change_file(std::make_shared<TestFile>(second_), 0);
    append("behind");
    writer_.base_holds(6);
    EXPECT_TRUE(soon([&] { return bytes(second_) == "behind"; }));
    EXPECT_TRUE(soon([&] { return writer_.synced() == 12; }));
    EXPECT_EQ(writer_.sync_error(), 0);
}

// An annotation that was cut off is finished before anything else is written.
TEST_F(LogWriterTest, WhatIsLeftOfAnAnnotationFollows) {
    first_.room = 14;
    first_.cut_fails = true;
    writer_.set_checksums(true);
    open(AppendFsync::EverySecond);
    append("123456789");
    ASSERT_TRUE(soon([&] { return writer_.write_error() == ENOSPC; }));
    EXPECT_EQ(bytes(first_), "123456789#CRC:");
    {
        const std::lock_guard lock(first_.mutex);
        first_.room = SIZE_MAX;
    }
    append("x");
    EXPECT_TRUE(soon([&] { return writer_.written() == 10; }));
    EXPECT_EQ(bytes(first_).substr(0, 36), "123456789#CRC:9:e9c6d914c4b8d9ca\r\nx#");
}

// A sync that failed is never made good by the next one: only by a base.
TEST_F(LogWriterTest, AFailedSyncStaysUntilThereIsABase) {
    first_.sync_error = EIO;
    open(AppendFsync::EverySecond);
    append("lost");
    ASSERT_TRUE(soon([&] { return writer_.sync_error() == EIO; }));
    {
        const std::lock_guard lock(first_.mutex);
        first_.sync_error = 0;
    }
    append("more");
    ASSERT_TRUE(soon([&] { return syncs(first_) > 1; }));
    EXPECT_TRUE(soon([&] { return !writer_.sync_is_running(); }));
    EXPECT_EQ(writer_.synced(), 0u);
    EXPECT_EQ(writer_.sync_error(), EIO);

    // The cut of a rewrite, writes behind it, and its base.
    const uint64_t cut = offset_;
    writer_.change_file(std::make_shared<TestFile>(second_), 0);
    append("behind");
    EXPECT_EQ(bytes(second_), "");
    EXPECT_EQ(writer_.sync_error(), EIO);
    writer_.base_holds(cut);
    EXPECT_TRUE(soon([&] { return writer_.synced() >= cut; }));
    EXPECT_TRUE(soon([&] { return writer_.written() == offset_; }));
    EXPECT_EQ(writer_.sync_error(), 0);
    EXPECT_TRUE(soon([&] { return writer_.synced() == offset_; }));
}

// What a base holds need not be written any more to a file that refuses it.
TEST_F(LogWriterTest, ABaseTakesThePlaceOfWhatCannotBeWritten) {
    first_.write_error = EIO;
    open(AppendFsync::EverySecond);
    append("lost");
    ASSERT_TRUE(soon([&] { return writer_.write_error() == EIO; }));
    const uint64_t cut = offset_;
    writer_.change_file(std::make_shared<TestFile>(second_), 0);
    append("behind");
    writer_.base_holds(cut);
    EXPECT_TRUE(soon([&] { return bytes(second_) == "behind"; }));
    EXPECT_EQ(writer_.write_error(), 0);
    EXPECT_EQ(bytes(first_), "");
}

TEST_F(LogWriterTest, ChecksumsCoverWhatWasWrittenAtOnce) {
    writer_.set_checksums(true);
    open(AppendFsync::No);
    append("123456789");
    EXPECT_TRUE(soon([&] { return writer_.written() == 9; }));
    EXPECT_EQ(bytes(first_), "123456789#CRC:9:e9c6d914c4b8d9ca\r\n");
}

TEST_F(LogWriterTest, FlushWaitsForTheDisk) {
    first_.sync_ms = 50;
    open(AppendFsync::EverySecond);
    for (int i = 0; i < 100; ++i) append("0123456789");
    writer_.flush(true);
    EXPECT_EQ(writer_.synced(), 1000u);
}

}  // namespace
}  // namespace millrace::persistence::aof
