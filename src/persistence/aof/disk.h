// SPDX-License-Identifier: BSD-3-Clause
//
// The disk as the append-only file needs it: few operations, each of which may fail with an errno
// (Error::code()). Tests give it disks that are full, slow or broken.
//
// Owner:   whoever logs.
// Threads: any; a LogFile is appended to by one thread and may be synced by another meanwhile.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace millrace::persistence::aof {

// A file that only grows.
class LogFile {
public:
    virtual ~LogFile() = default;
    // Appends `pieces`, one behind the other; how many bytes the disk took, which may be fewer.
    virtual Result<size_t> append(std::span<const std::string_view> pieces) = 0;
    // What has been appended survives a power cut when this has succeeded.
    virtual Status sync() = 0;
    // Drops what lies behind the first `bytes`.
    virtual Status cut(uint64_t bytes) = 0;
};

class Disk {
public:
    virtual ~Disk() = default;
    virtual Status make_folder(const std::string& path) = 0;  // It may be there already.
    // The end of the file, which is made if it is not there. `fresh`: as an empty one.
    virtual Result<std::unique_ptr<LogFile>> open(const std::string& path, bool fresh) = 0;
    virtual Status rename(const std::string& from, const std::string& to) = 0;
    virtual Status remove(const std::string& path) = 0;
    // The names in a folder survive a power cut.
    virtual Status sync_folder(const std::string& path) = 0;
    virtual Result<uint64_t> size_of(const std::string& path) = 0;
    virtual Result<std::string> read(const std::string& path) = 0;
};

// The one of the system.
class SystemDisk final : public Disk {
public:
    Status make_folder(const std::string& path) override;
    Result<std::unique_ptr<LogFile>> open(const std::string& path, bool fresh) override;
    Status rename(const std::string& from, const std::string& to) override;
    Status remove(const std::string& path) override;
    Status sync_folder(const std::string& path) override;
    Result<uint64_t> size_of(const std::string& path) override;
    Result<std::string> read(const std::string& path) override;
};

// Puts `text` at `path` so that a crash leaves the old file or the new one, whole. `folder` is
// where both stand.
Status replace_file(Disk& disk, const std::string& folder, const std::string& name,
                    std::string_view text);

}  // namespace millrace::persistence::aof
