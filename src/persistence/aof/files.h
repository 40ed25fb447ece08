// SPDX-License-Identifier: BSD-3-Clause
//
// The files of the log on disk: where they are, which there are, and how one set takes the place of
// another so that a crash at any point leaves one that can be loaded.
//
// Owner:   the append-only file.
// Threads: main thread; what is const also in the slow lane, since it only uses its arguments and
// what never changes.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "persistence/aof/manifest.h"
#include "persistence/disk.h"
#include "persistence/settings.h"

namespace millrace::persistence::aof {

class Files {
public:
    Files(Disk& disk, const AofSettings& settings) : disk_(disk), settings_(settings) {}

    const std::string& name() const { return settings_.appendfilename; }
    const std::string& folder() const { return settings_.appenddirname; }
    std::string path(const std::string& file) const { return folder() + "/" + file; }
    std::string manifest_name() const { return name() + ".manifest"; }
    Disk& disk() const { return disk_; }

    // Makes the folder, so that it survives a power cut.
    Status make_folder() const;
    // Whether a file can be made and written.
    Status try_disk() const;

    // Reads the manifest; an empty one if there is none. An AOF of the old kind, which was one
    // file, becomes the base.
    Status find();
    // Everything that has to be loaded, in order.
    std::vector<FileEntry> to_load() const;
    // How long these files are together. The error names the one that is missing.
    Result<uint64_t> total_bytes() const;

    // Makes `next` what a restart finds.
    Status persist(const Manifest& next) const;
    // The same, where `next` names a file that has only just been made.
    Status persist_with_new(const Manifest& next) const;
    // Whether a restart may find `next`, when persist(next) has failed.
    bool may_be_found(const Manifest& next) const;
    // Moves `temporary` into the folder as `file`.
    Status install(const std::string& temporary, const std::string& file) const;
    void remove(std::span<const FileEntry> files) const;
    // A file for new bytes. Nothing of an earlier one of that name, which is not emptied but left
    // behind: that it is empty may come to the disk later than what it is renamed to.
    Result<std::unique_ptr<LogFile>> make(const std::string& file) const;

    // A sync of a file of the log has failed: what the system could not write it shows all the
    // same, and takes for written, until the power goes. So a server that is started before that
    // must not build on what it has read. The mark is there as long as the misleading bytes are.
    void mark_unsynced() const;
    bool is_marked_unsynced() const;
    void unmark_unsynced() const;

    Manifest manifest;

private:
    Status adopt_old_file();
    std::string mark_path() const { return path(name() + ".unsynced"); }

    Disk& disk_;
    const AofSettings& settings_;
};

}  // namespace millrace::persistence::aof
