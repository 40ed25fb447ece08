// SPDX-License-Identifier: BSD-3-Clause
#include "persistence/aof/files.h"

#include <fmt/format.h>

#include <cerrno>
#include <utility>

#include "base/log.h"
#include "base/numbers.h"

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
    return done();
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
    TRY(forget_synced_of(file));
    TRY(disk_.rename(temporary, path(file)));
    return disk_.sync_folder(folder());
}

Result<std::unique_ptr<LogFile>> Files::make(const std::string& file) const {
    TRY(forget_synced_of(file));
    const Status removed = disk_.remove(path(file));
    if (!removed.ok() && removed.error().code() != ENOENT) {
        return Error(std::string(removed.error().text()), removed.error().code());
    }
    return disk_.open(path(file), true);
}

// --- what is known to be on disk ---

Status Files::note_synced(const Place& place) const {
    const std::string temporary = path("temp-" + name() + ".synced");
    const std::string text = fmt::format("{} {}\n", place.bytes, place.file);
    {
        const std::unique_ptr<LogFile> file = TRY(disk_.open(temporary, true));
        const std::string_view bytes = text;
        if (TRY(file->append({&bytes, 1})) != text.size()) return system_error(temporary, ENOSPC);
    }
    // If a power cut undoes this there is nothing left that misleads.
    return disk_.rename(temporary, note_path());
}

Status Files::forget_synced() const {
    Status removed = disk_.remove(note_path());
    if (!removed.ok() && removed.error().code() == ENOENT) return done();
    return removed;
}

std::optional<Files::Place> Files::synced_place() const {
    const Result<std::string> read = disk_.read(note_path());
    const std::string_view text = read.ok() ? std::string_view(*read) : std::string_view();
    const size_t space = text.find(' ');
    if (space == std::string_view::npos || !text.ends_with('\n')) return std::nullopt;
    const std::optional<uint64_t> bytes = parse_unsigned(text.substr(0, space));
    if (!bytes) return std::nullopt;
    return Place{std::string(text.substr(space + 1, text.size() - space - 2)), *bytes};
}

Status Files::forget_synced_of(const std::string& file) const {
    const std::optional<Place> place = synced_place();
    return place && place->file == file ? forget_synced() : done();
}

Status Files::write_again() const {
    const std::vector<FileEntry>& increments = manifest.increments;
    size_t first = 0;
    uint64_t from = 0;
    bool is_known = false;
    if (const std::optional<Place> place = synced_place(); place) {
        while (first < increments.size() && increments[first].name != place->file) ++first;
        const Result<uint64_t> size = disk_.size_of(path(place->file));
        is_known = first < increments.size() && size.ok() && *size >= place->bytes;
        first = is_known ? first : 0;
        from = is_known ? place->bytes : 0;
    }
    // A base is synced before it gets its name, unless it is a log of the old kind.
    if (!is_known && manifest.base && manifest.base->name == name()) {
        TRY(disk_.write_again(path(name()), 0));
    }
    // In order: nothing is written behind what is not on disk.
    for (size_t i = first; i < increments.size(); ++i) {
        TRY(disk_.write_again(path(increments[i].name), i == first ? from : 0));
    }
    return done();
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
