// SPDX-License-Identifier: BSD-3-Clause
//
// A disk in memory that remembers everything that was done to it, so that a test can ask what a
// power cut at any moment may leave: what was synced, and any part of what was not.
//
//     process ─► Handle ─► SimDisk: names and bytes as the living see them, and a history
//                                     image_at(cut, damage) ─► what a restart finds
//
// Bytes survive when a sync of their file that began behind them has succeeded; names, when a sync
// of their folder has. A sync that fails makes the bytes before it unreliable for ever, though the
// living still see them. A Handle is one process's way to the disk; killed, it does nothing more.
//
// Owner:   the test.
// Threads: any.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "persistence/disk.h"
#include "schedule.h"

namespace millrace::torture {

enum class Action : uint8_t {
    Append, Cut, Sync, FailedSync, LostSync, MakeFolder, Create, Rename, Remove, SyncFolder
};  // LostSync: who waited for it was killed.

const char* name_of(Action action);

struct Operation {
    Action action;
    size_t began = 0;   // Syncs cover what stands before this place in the history.
    size_t file = 0;
    std::string path = {};  // Or folder.
    std::string to = {};
    uint64_t from = 0;  // Where the bytes begin; how long the file is after a cut.
    std::string bytes = {};
    int64_t began_ms = 0;
    int64_t at_ms = 0;
};

// What becomes of bytes or names that were not synced. Files: all bytes of one file, or none.
enum class Fate : uint8_t { Lost, Kept, Prefix, Subset, Files };
inline constexpr int kFates = 5;

struct Damage {
    uint64_t seed = 0;
    Fate bytes = Fate::Lost;
    Fate names = Fate::Lost;
    uint64_t torn_at = 1;  // Bytes survive in pieces of this size.
};

struct Image {
    std::set<std::string> folders;
    std::map<std::string, std::string> files;
    // Where files have zeros with data behind them, the first time.
    std::map<std::string, uint64_t> holes = {};
};

enum class Call : uint8_t { Open, Append, Sync, Cut, Rename, Remove, SyncFolder, MakeFolder };

class SimDisk {
public:
    SimDisk() = default;
    // `seed`: of the order of the threads that use it.
    explicit SimDisk(const Image& image, uint64_t seed = 1);
    SimDisk(const SimDisk&) = delete;
    SimDisk& operator=(const SimDisk&) = delete;

    // Each call to the disk is a moment at which other threads may go first.
    Schedule schedule;

    // Under the lock. An errno makes the call fail.
    std::function<int(Call, const std::string& path)> fault;
    std::atomic<int64_t> sync_ms{0};
    std::atomic<uint64_t> room{UINT64_MAX};  // Bytes that still fit.

    size_t history_size() const;
    // Not while anybody writes.
    const std::vector<Operation>& history() const { return history_; }
    Image image_at(size_t cut, const Damage& damage) const;
    Image image_now() const;  // As the living see it.

private:
    friend class Handle;
    friend class SimFile;

    struct File {
        std::string bytes;
        uint64_t appended = 0;
    };

    void wait_for_sync(int64_t began_ms, const std::atomic<bool>& given_up) const;
    int fails(Call call, const std::string& path);
    void note(Operation operation);

    mutable std::mutex mutex_;
    std::vector<Operation> history_;
    std::vector<File> files_;
    std::map<std::string, size_t> names_;
    std::set<std::string> folders_{"."};
    Image initial_;
};

class Handle final : public persistence::Disk {
public:
    explicit Handle(SimDisk& disk)
        : disk_(disk), dead_(std::make_shared<std::atomic<bool>>(false)) {}
    Handle(const Handle&) = default;

    void kill();
    bool is_dead() const { return dead_->load(); }

    Status make_folder(const std::string& path) override;
    Result<std::unique_ptr<persistence::LogFile>> open(const std::string& path,
                                                       bool fresh) override;
    Status rename(const std::string& from, const std::string& to) override;
    Status remove(const std::string& path) override;
    Status sync_folder(const std::string& path) override;
    Status write_again(const std::string& path, uint64_t from) override;
    Result<uint64_t> size_of(const std::string& path) override;
    Result<std::string> read(const std::string& path) override;
    Result<std::unique_ptr<persistence::FileBytes>> map(const std::string& path) override;
    std::unique_ptr<persistence::Disk> here() override { return std::make_unique<Handle>(*this); }

private:
    SimDisk& disk_;
    std::shared_ptr<std::atomic<bool>> dead_;
};

}  // namespace millrace::torture
