// SPDX-License-Identifier: BSD-3-Clause
//
// A snapshot that becomes the RDB file.
//
// Owner:   the request.
// Threads: as SnapshotTarget says.
#pragma once

#include <string>
#include <utility>

#include "persistence/rdb/file.h"
#include "persistence/snapshot/service.h"

namespace millrace::persistence::snapshot {

class FileTarget final : public SnapshotTarget {
public:
    FileTarget(Disk& disk, std::string name, bool sync_often)
        : name_(std::move(name)), sink_(disk, sync_often) {}

    Status open() override;
    Status write(std::string_view bytes) override { return sink_.write(bytes); }
    Status finish() override { return sink_.put_in_place(name_); }
    void abandon() override { sink_.discard(); }

private:
    const std::string name_;
    rdb::FileSink sink_;
};

}  // namespace millrace::persistence::snapshot
