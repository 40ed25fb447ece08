// SPDX-License-Identifier: BSD-3-Clause
#include "persistence/aof/files.h"

#include <fmt/format.h>

#include <cerrno>
#include <utility>

#include "base/log.h"

namespace millrace::persistence::aof {

Status Files::make_folder() const {
    TRY(disk_.make_folder(folder()));
    return disk_.sync_folder(".");
}

Status Files::try_disk() const {
    TRY(disk_.make_folder(folder()));
    const std::string temporary = path("temp-" + manifest_name());
    {
        const std::unique_ptr<LogFile> file = TRY(disk_.open(temporary, true));
        const std::string_view text = "# Whether there is room.\n";
        if (TRY(file->append({&text, 1})) != text.size()) return system_error(temporary, ENOSPC);
    }
    return disk_.remove(temporary);
}

Status Files::find() {
    manifest = {};
    const std::string at = path(manifest_name());
    Result<std::string> text = disk_.read(at);
    if (!text.ok() && text.error().code() != ENOENT && text.error().code() != ENOTDIR) {
        return Error(fmt::format("Fatal error: can't open the AOF manifest file {}: {}",
                                 manifest_name(), text.error().text()));
    }
    if (text.ok()) manifest = TRY(Manifest::parse(*text));
    return adopt_old_file();
}

// Also goes on where an earlier start was interrupted between its two steps.
Status Files::adopt_old_file() {
    const bool nothing = manifest.empty();
    const bool only_old = manifest.base && manifest.increments.empty() &&
                          manifest.history.empty() && manifest.base->name == name();
    if (!nothing && !only_old) return done();
    if (!disk_.size_of(name()).ok()) return done();
    if (only_old && disk_.size_of(path(name())).ok()) return done();
    if (nothing) {
        TRY(make_folder());
        manifest.base = FileEntry{name(), 1};
        TRY(persist(manifest));
    }
    TRY(install(name(), name()));
    log_notice("Successfully migrated an old-style AOF configuration (file {}) to the folder {}",
               name(), folder());
    return done();
}

std::vector<FileEntry> Files::to_load() const {
    std::vector<FileEntry> files;
    if (manifest.base) files.push_back(*manifest.base);
    files.insert(files.end(), manifest.increments.begin(), manifest.increments.end());
    return files;
}

Result<uint64_t> Files::total_bytes() const {
    uint64_t total = 0;
    for (const FileEntry& file : to_load()) {
        const Result<uint64_t> bytes = disk_.size_of(path(file.name));
        if (!bytes.ok()) {
            return Error(fmt::format("Fatal error: can't open the AOF file {} for reading: {}",
                                     file.name, bytes.error().text()),
                         bytes.error().code());
        }
        total += *bytes;
    }
    return total;
}

Status Files::persist(const Manifest& next) const {
    return replace_file(disk_, folder(), manifest_name(), next.print());
}

// The name of the manifest may come to the disk before that of the file.
Status Files::persist_with_new(const Manifest& next) const {
    TRY(disk_.sync_folder(folder()));
    return persist(next);
}

bool Files::may_be_found(const Manifest& next) const {
    const Result<std::string> text = disk_.read(path(manifest_name()));
    if (!text.ok()) return text.error().code() != ENOENT;
    return *text == next.print();
}

Status Files::install(const std::string& temporary, const std::string& file) const {
    TRY(disk_.rename(temporary, path(file)));
    return disk_.sync_folder(folder());
}

Result<std::unique_ptr<LogFile>> Files::make(const std::string& file) const {
    const Status removed = disk_.remove(path(file));
    if (!removed.ok() && removed.error().code() != ENOENT) {
        return Error(std::string(removed.error().text()), removed.error().code());
    }
    return disk_.open(path(file), true);
}

void Files::mark_unsynced() const {
    const auto made = disk_.open(mark_path(), true);
    if (made.ok()) return;
    log_warning("Could not mark that the AOF is not all on disk: {}", made.error().text());
}

bool Files::is_marked_unsynced() const {
    return disk_.size_of(mark_path()).ok();
}

void Files::unmark_unsynced() const {
    const Status removed = disk_.remove(mark_path());
    if (removed.ok() || removed.error().code() == ENOENT) return;
    log_warning("Could not remove the mark of an AOF that was not all on disk: {}",
                removed.error().text());
}

void Files::remove(std::span<const FileEntry> files) const {
    for (const FileEntry& file : files) {
        const Status removed = disk_.remove(path(file.name));
        if (!removed.ok() && removed.error().code() != ENOENT) {
            log_warning("Could not delete the history file {}: {}", file.name,
                        removed.error().text());
        } else {
            log_notice("Removing the history file {} in the background", file.name);
        }
    }
}

}  // namespace millrace::persistence::aof
