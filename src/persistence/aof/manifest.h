// SPDX-License-Identifier: BSD-3-Clause
//
// Which files make up the append-only file, in the order in which they are loaded.
//
//     file appendonly.aof.2.base.rdb seq 2 type b       the dataset at some moment
//     file appendonly.aof.1.incr.aof seq 1 type h       history: not needed any more, to be deleted
//     file appendonly.aof.2.incr.aof seq 2 type i       what has changed since, in order
//
// Owner:     the append-only file; a value.
// Threads:   any, one at a time.
// Invariant: parse(print()) gives the same manifest; sequence numbers of incremental files rise.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace millrace::persistence::aof {

inline constexpr size_t kManifestLineBytesMax = 1024;

struct FileEntry {
    std::string name;
    uint64_t number = 0;

    bool operator==(const FileEntry&) const = default;
};

struct Manifest {
    std::optional<FileEntry> base;
    std::vector<FileEntry> history;  // The latest first.
    std::vector<FileEntry> increments;

    // The error says which line is wrong, and how.
    static Result<Manifest> parse(std::string_view text);
    std::string print() const;

    bool empty() const { return !base && history.empty() && increments.empty(); }
    uint64_t next_base() const { return base ? base->number + 1 : 1; }
    uint64_t next_increment() const {
        return increments.empty() ? 1 : increments.back().number + 1;
    }

    // Names of new files, which no file has that is about to be deleted. `name` is the setting
    // appendfilename.
    FileEntry new_base(const std::string& name, bool rdb) const;
    FileEntry new_increment(const std::string& name) const;

    // A new base takes the place of everything but the last `kept` increments.
    void replace_base(FileEntry fresh, size_t kept);

    bool operator==(const Manifest&) const = default;

private:
    bool is_history(const FileEntry& file) const;
};

}  // namespace millrace::persistence::aof
