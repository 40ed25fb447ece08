// SPDX-License-Identifier: BSD-3-Clause
//
// The disk as the append-only file and the RDB writer need it: few operations, each of which may
// fail with an errno (Error::code()). Tests give them disks that are full, slow or broken, or that
// lose their power.
//
// Owner:   whoever logs, saves or loads.
// Threads: any; a LogFile is appended to by one thread and may be synced by another meanwhile.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace millrace::persistence {

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
    // A hint that a sync will follow: these bytes may as well go to the disk now.
    virtual void begin_sync(uint64_t /*from*/, uint64_t /*bytes*/) {}
};

// What a file has in it. Limits: the file must not shrink as long as this lives.
class FileBytes {
public:
    virtual ~FileBytes() = default;
    virtual std::string_view bytes() const = 0;
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
    // Puts what the file shows from there on once more to where it stands, and syncs. A sync that
    // failed leaves bytes that can be read and will never be on disk; behind this they are.
    virtual Status write_again(const std::string& path, uint64_t from) = 0;
    virtual Result<uint64_t> size_of(const std::string& path) = 0;
    virtual Result<std::string> read(const std::string& path) = 0;
    virtual Result<std::unique_ptr<FileBytes>> map(const std::string& path) = 0;
    // The same disk, on which relative paths stay what they are now, wherever the process goes.
    virtual std::unique_ptr<Disk> here() = 0;
};

// The one of the system.
class SystemDisk final : public Disk {
public:
    SystemDisk();
    ~SystemDisk() override;
    SystemDisk(const SystemDisk&) = delete;
    SystemDisk& operator=(const SystemDisk&) = delete;

    Status make_folder(const std::string& path) override;
    Result<std::unique_ptr<LogFile>> open(const std::string& path, bool fresh) override;
    Status rename(const std::string& from, const std::string& to) override;
    Status remove(const std::string& path) override;
    Status sync_folder(const std::string& path) override;
    Status write_again(const std::string& path, uint64_t from) override;
    Result<uint64_t> size_of(const std::string& path) override;
    Result<std::string> read(const std::string& path) override;
    Result<std::unique_ptr<FileBytes>> map(const std::string& path) override;
    std::unique_ptr<Disk> here() override;

private:
    int folder_;  // Where relative paths begin: a descriptor, or the process's folder.
};

// A mapped file of the system's; for tools, too.
class MappedFile final : public FileBytes {
public:
    MappedFile() = default;
    ~MappedFile() override;
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;

    // The error's code is ENOENT if there is no file.
    Status open(const std::string& path);
    Status open_in(int folder, const std::string& path);
    std::string_view bytes() const override { return {data_, size_}; }

private:
    const char* data_ = nullptr;
    size_t size_ = 0;
};

// Puts `text` at `path` so that a crash leaves the old file or the new one, whole. `folder` is
// where both stand.
Status replace_file(Disk& disk, const std::string& folder, const std::string& name,
                    std::string_view text);

}  // namespace millrace::persistence
