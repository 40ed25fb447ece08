// SPDX-License-Identifier: BSD-3-Clause
#include "persistence/rdb/file.h"

#include <fmt/format.h>

#include <cerrno>
#include <utility>

namespace millrace::persistence::rdb {

FileSink::FileSink(Disk& disk, bool sync_often) : sync_often_(sync_often), disk_(disk.here()) {}

FileSink::~FileSink() {
    discard();
}

void FileSink::discard() {
    file_.reset();
    if (!temporary_.empty()) (void)disk_->remove(temporary_);
    temporary_.clear();
}

std::string FileSink::temporary_name(int writer) {
    // Compat: tools look for temp-*.rdb.
    return fmt::format("temp-{}.rdb", writer);
}

Status FileSink::open(int writer) {
    const std::string name = temporary_name(writer);
    auto opened = disk_->open(name, true);
    if (!opened.ok()) {
        return system_error(fmt::format("Failed opening the temp RDB file {} for saving", name),
                            opened.error().code());
    }
    file_ = std::move(*opened);
    temporary_ = name;
    return done();
}

Status FileSink::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const Result<size_t> taken = file_->append({&bytes, 1});
        if (!taken.ok()) return system_error("Write error saving DB on disk", taken.error().code());
        if (*taken == 0) return system_error("Write error saving DB on disk", ENOSPC);
        bytes.remove_prefix(*taken);
        written_ += *taken;
    }
    if (sync_often_ && written_ - synced_ >= kSyncedEvery) {
        // Only a hint: the sync at the end is what counts.
        file_->begin_sync(synced_, written_ - synced_);
        synced_ = written_;
    }
    return done();
}

Status FileSink::put_in_place(const std::string& name) {
    const Status synced = file_->sync();
    if (!synced.ok()) return system_error("Write error saving DB on disk", synced.error().code());
    file_.reset();
    const Status renamed = disk_->rename(temporary_, name);
    if (!renamed.ok()) {
        return system_error(fmt::format("Error moving temp DB file {} on the final destination {}",
                                        temporary_, name),
                            renamed.error().code());
    }
    temporary_.clear();
    const Status kept = disk_->sync_folder(".");
    if (kept.ok()) return done();
    return system_error("Failed syncing the folder of the DB file", kept.error().code());
}

}  // namespace millrace::persistence::rdb
