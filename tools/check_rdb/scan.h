// SPDX-License-Identifier: BSD-3-Clause
//
// Reads an RDB file from the first byte to the checksum, checks every value as the server would
// that loads it, and tells a listener what it finds. Nothing is kept.
//
// Owner:   the program.
// Threads: one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "keyspace/entry.h"
#include "persistence/rdb/cursor.h"
#include "persistence/rdb/value_reader.h"

namespace millrace::check_rdb {

// One key of the file.
struct Key {
    int db = 0;
    std::string_view name;
    keyspace::ValueType type = keyspace::ValueType::String;
    uint64_t file_bytes = 0;  // Of name and value, as they stand there.
    int64_t expire_at_ms = keyspace::kNoExpiry;
    // Bytes of each element: of a string, a member with its score, a field with its value.
    const std::vector<uint64_t>& elements;
};

class Listener {
public:
    virtual ~Listener() = default;
    // A line about what stands at `offset`.
    virtual void on_note(uint64_t offset, std::string_view text) = 0;
    virtual void on_key(const Key& key) = 0;
    virtual void on_function() = 0;
};

struct Problem {
    uint64_t offset = 0;
    std::string what;
    std::string doing;
    std::string key;  // While it was being read; empty: none.
    int type = -1;
};

enum class Origin : uint8_t { Known, Foreign, Future };

class Scan {
public:
    Scan(std::string_view file, Listener& listener) : file_(file), in_(file), listener_(listener) {}

    // False: problem() says why.
    bool run();
    const Problem& problem() const { return problem_; }
    // Whose version the file has.
    Origin origin() const { return origin_; }
    uint64_t offset() const { return in_.offset(); }

private:
    struct Prefix {
        int64_t expire_at_ms = keyspace::kNoExpiry;
    };

    bool read_header();
    bool read_next(bool& ended);
    bool read_key(uint8_t type, const Prefix& prefix);
    bool read_section(uint8_t code);
    bool read_fact();
    bool read_end();
    bool is_known(uint8_t code) const;
    void measure(const persistence::rdb::Value& value);
    bool fail(std::string what);
    bool go_on() { return in_.failed() ? fail({}) : true; }

    std::string_view file_;
    persistence::rdb::Cursor in_;
    Listener& listener_;
    persistence::rdb::Scratch name_;
    persistence::rdb::Scratch text_;
    std::vector<uint64_t> elements_;
    Problem problem_;
    std::string_view doing_ = "start";
    std::string key_;
    Origin origin_ = Origin::Known;
    bool old_magic_ = false;
    int version_ = 0;
    int db_ = 0;
    int type_ = -1;
};

}  // namespace millrace::check_rdb
