// SPDX-License-Identifier: BSD-3-Clause
//
// Loads an RDB file into the databases.
//
// Owner:   whoever loads; one a file.
// Threads: main thread.
#pragma once

#include <array>
#include <cerrno>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "keyspace/keyspace.h"
#include "persistence/rdb/cursor.h"
#include "persistence/rdb/dataset_writer.h"
#include "persistence/rdb/parallel_checksum.h"
#include "persistence/rdb/value_reader.h"

namespace millrace::persistence::rdb {

struct LoadOptions {
    bool is_relaxed = false;      // Versions of others are tried.
    bool verify_checksum = true;  // If the file has one.
    bool drops_expired = true;    // What is past its time stays out; a replica keeps it.
    bool replaces = false;        // Keys that are there already; else they are an error.
    UseMarks use_marks = UseMarks::None;
    const LibraryStore* libraries = nullptr;  // Null: a file with some is refused.
    int64_t key_delay_us = 0;
    std::function<void(size_t offset)> on_progress = nullptr;  // Now and then, between keys.
};

struct LoadCounts {
    uint64_t loaded = 0;
    uint64_t expired = 0;
    uint64_t empty = 0;
    uint64_t hashes_expired = 0;  // All of whose fields were past their time.
    bool is_aof_base = false;
};

// Whether a version may be read, with either magic.
bool is_known_version(int version, bool is_relaxed);

class DatasetReader {
public:
    // The code of errors which say that the bytes do not hold together; others are of a kind or a
    // version that is not known.
    static constexpr int kDamaged = EBADMSG;

    DatasetReader(keyspace::Keyspace& keyspace, const LoadOptions& options, std::string_view bytes)
        : keyspace_(keyspace), options_(options), bytes_(bytes), in_(bytes) {}

    // Nothing has been loaded before this has succeeded.
    Status check_header();
    // Keys that were loaded before something was found to be wrong stay.
    Status load();
    const LoadCounts& counts() const { return counts_; }
    size_t offset() const { return in_.offset(); }

private:
    // What stands before a key.
    struct Prefix {
        int64_t expire_at_ms = keyspace::kNoExpiry;
        int64_t idle_seconds = -1;
        int frequency = -1;
    };

    // An entry on its way into its database. They are linked many at once, so that the waits for
    // their places in the table overlap.
    struct Unlinked {
        keyspace::Entry* entry;
        uint64_t hash;
        int db;
    };
    static constexpr size_t kUnlinkedMax = 32;

    Status load_all();
    Status load_key(uint8_t type, const Prefix& prefix);
    void build(std::string_view key, Value value, const Prefix& prefix);
    Status link_all();
    Status link(const Unlinked& unlinked);
    void mark_use(keyspace::Entry& entry, const Prefix& prefix);
    bool read_prefix(uint8_t code, Prefix& prefix);
    Status read_section(uint8_t code);
    Status select_database();
    void read_fact();
    Status read_library();
    Status check_end();
    uint64_t sum_up_to(size_t end);
    Status damaged() const;
    Status damaged(std::string_view what) const;
    ReadRules rules() const;

    keyspace::Keyspace& keyspace_;
    const LoadOptions options_;
    const std::string_view bytes_;
    Cursor in_;
    Scratch key_scratch_;
    Scratch value_scratch_;
    std::optional<ParallelChecksum> checksum_;
    std::array<Unlinked, kUnlinkedMax> unlinked_;
    size_t unlinked_count_ = 0;
    LoadCounts counts_;
    size_t next_progress_ = 0;
    int version_ = 0;
    bool is_old_magic_ = false;
    int db_ = 0;
};

}  // namespace millrace::persistence::rdb
