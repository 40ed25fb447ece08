// SPDX-License-Identifier: BSD-3-Clause
//
// Where the snapshot for a base file goes: a temporary file, on disk when finish() has succeeded.
// Whoever asked for it puts it in place.
//
// Owner:   the snapshot that is taken.
// Threads: as SnapshotTarget says.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/siphash.h"
#include "keyspace/settings.h"
#include "persistence/disk.h"
#include "persistence/snapshot/service.h"

namespace millrace::persistence::aof {

class BaseTarget final : public snapshot::SnapshotTarget {
public:
    struct Form {
        bool rdb = true;  // Else commands, which are made of the RDB file at the end.
        bool sync_often = true;
        int64_t unix_seconds = 0;  // Noted at the beginning of commands; 0: not.
        // For values on the way to commands; copies, since this is another thread's.
        keyspace::EncodingSettings encodings;
        SipKey seed;
    };

    BaseTarget(Disk& disk, std::string path, Form form)
        : disk_(disk), path_(std::move(path)), form_(std::move(form)) {}

    Status open() override;
    Status write(std::string_view bytes) override;
    Status finish() override;
    void abandon() override;

private:
    static constexpr uint64_t kSyncedEvery = uint64_t{32} << 20;
    std::string rdb_path() const { return form_.rdb ? path_ : path_ + ".rdb"; }
    Status append(LogFile& file, std::string_view bytes);
    Status convert();

    Disk& disk_;
    const std::string path_;
    const Form form_;
    std::unique_ptr<LogFile> file_;
    uint64_t unsynced_ = 0;
};

}  // namespace millrace::persistence::aof
