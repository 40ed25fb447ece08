// SPDX-License-Identifier: BSD-3-Clause
#include "persistence/aof/base_target.h"

#include <fmt/format.h>

#include <cerrno>

#include "persistence/aof/value_commands.h"

namespace millrace::persistence::aof {

void BaseTarget::abandon() {
    file_.reset();
    if (!form_.rdb) (void)disk_.remove(rdb_path());
    (void)disk_.remove(path_);
}

Status BaseTarget::open() {
    file_ = TRY(disk_.open(rdb_path(), true));
    return done();
}

Status BaseTarget::append(LogFile& file, std::string_view bytes) {
    while (!bytes.empty()) {
        const size_t taken = TRY(file.append({&bytes, 1}));
        if (taken == 0) return system_error(path_, ENOSPC);
        bytes.remove_prefix(taken);
        unsynced_ += taken;
    }
    if (!form_.sync_often || unsynced_ < kSyncedEvery) return done();
    unsynced_ = 0;
    return file.sync();
}

Status BaseTarget::write(std::string_view bytes) {
    return append(*file_, bytes);
}

Status BaseTarget::finish() {
    if (!form_.rdb) TRY(convert());
    TRY(file_->sync());
    file_.reset();
    if (!form_.rdb) (void)disk_.remove(rdb_path());
    return done();
}

Status BaseTarget::convert() {
    const std::unique_ptr<FileBytes> snapshot = TRY(disk_.map(rdb_path()));
    file_ = TRY(disk_.open(path_, true));
    if (form_.unix_seconds != 0) TRY(write(fmt::format("#TS:{}\r\n", form_.unix_seconds)));
    const values::GrowthRules rules{form_.encodings, form_.seed};
    return write_as_commands(snapshot->bytes(), rules, *this);
}

}  // namespace millrace::persistence::aof
