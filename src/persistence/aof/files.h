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
#include <optional>
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

    // Reads the manifest; an empty one if there is none.
    Status find();
    // An AOF of the old kind, which was one file, becomes the base.
    Status adopt_old_file();
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
    // Moves `temporary` into the folder as `file`, of which nothing is known to be on disk.
    Status install(const std::string& temporary, const std::string& file) const;
    void remove(std::span<const FileEntry> files) const;
    // A file for new bytes. Nothing of an earlier one of that name, which is not emptied but left
    // behind: that it is empty may come to the disk later than what it is renamed to.
    Result<std::unique_ptr<LogFile>> make(const std::string& file) const;

    // What a sync could not write the system shows all the same, and takes for written, until the
    // power goes. So a server that starts must not build on what it reads but on what is known to
    // be on disk, and that is noted in a file beside the log, `NAME.synced`: it may be missing,
    // damaged, or behind, never ahead.
    struct Place {
        std::string file;    // Those before it are on disk,
        uint64_t bytes = 0;  // and so much of itself.
    };
    Status note_synced(const Place& place) const;
    Status forget_synced() const;
    // Brings to disk, again, what is not known to be there.
    Status write_again() const;

    Manifest manifest;

private:
    std::string note_path() const { return path(name() + ".synced"); }
    std::optional<Place> synced_place() const;
    Status forget_synced_of(const std::string& file) const;

    Disk& disk_;
    const AofSettings& settings_;
};

}  // namespace millrace::persistence::aof
