// SPDX-License-Identifier: BSD-3-Clause
//
// Figures about the keys of an RDB file, by database and type, in the lines that `--stats` of
// valkey-check-rdb prints: a table, `info` or `csv`.
//
// Sizes are those of names, members, fields and values as clients see them. A member of a sorted
// set counts with its score, a field of a hash with its value, an entry block of a stream as one.
// Percentiles are exact.
//
// Owner:   the program.
// Threads: one.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "scan.h"

namespace millrace::check_rdb {

enum class Format : uint8_t { Table, Info, Csv };

class Statistics {
public:
    explicit Statistics(int64_t now_ms) : now_ms_(now_ms) {}

    void add(const Key& key);
    // At least database 0, as valkey-check-rdb does.
    std::string text(Format format) const;

private:
    // How often each value came.
    struct Distribution {
        std::map<uint64_t, uint64_t> counts;
        uint64_t total = 0;
        uint64_t count = 0;

        void add(uint64_t value);
        uint64_t highest() const { return counts.empty() ? 0 : counts.rbegin()->first; }
        double mean() const;
        double percentile(double share) const;
    };
    struct OfType {
        uint64_t keys = 0;
        uint64_t expiring = 0;
        uint64_t expired = 0;
        uint64_t key_bytes = 0;
        Distribution numbers;  // Elements a key.
        Distribution sizes;    // Bytes an element.
    };
    // In the order of the lines; modules have a column, though their keys cannot be read.
    static constexpr size_t kColumns = 7;
    using OfDatabase = std::array<OfType, kColumns>;
    struct Line {
        const char* name;
        std::string (*figure)(const OfType& type);
    };
    static const Line kLines[];

    const int64_t now_ms_;
    std::map<int, OfDatabase> databases_;
};

}  // namespace millrace::check_rdb
