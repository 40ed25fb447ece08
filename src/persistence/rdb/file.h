// SPDX-License-Identifier: BSD-3-Clause
//
// RDB files as files: written so that a crash leaves either the old or the new one, whole.
//
// Owner:   whoever saves.
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "persistence/disk.h"
#include "persistence/rdb/writer.h"

namespace millrace::persistence::rdb {

// A temporary file beside the one that it will replace; it goes away unless it is put in place. It
// stays in the folder that was the process's when the sink was made.
class FileSink final : public ByteSink {
public:
    // `sync_often`: what has been written goes to the disk piece by piece, not at once at the end.
    FileSink(Disk& disk, bool sync_often);
    ~FileSink() override;
    FileSink(const FileSink&) = delete;
    FileSink& operator=(const FileSink&) = delete;

    // The file while it is being written.
    static std::string temporary_name(int writer);

    // `writer` distinguishes those that write at the same time: the id of a process or thread.
    Status open(int writer);
    Status write(std::string_view bytes) override;
    // Sync, rename, sync of the folder.
    Status put_in_place(const std::string& name);
    // Removes what has been written.
    void discard();

private:
    static constexpr size_t kSyncedEvery = size_t{4} << 20;

    const bool sync_often_;
    const std::unique_ptr<Disk> disk_;
    std::unique_ptr<LogFile> file_;
    std::string temporary_;
    size_t written_ = 0;
    size_t synced_ = 0;
};

}  // namespace millrace::persistence::rdb
