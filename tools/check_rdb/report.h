// SPDX-License-Identifier: BSD-3-Clause
//
// What is in an RDB file, for people and for programs: keys and bytes by type, the largest keys,
// when keys expire. Bytes are those of the file, names included, as they stand there, compressed.
//
// Owner:   the program.
// Threads: one.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "scan.h"

namespace millrace::check_rdb {

class Report {
public:
    static constexpr size_t kLargestMax = 20;

    explicit Report(int64_t now_ms) : now_ms_(now_ms) {}

    void add(const Key& key);
    void add_function() { ++functions_; }
    std::string text() const;
    std::string json() const;

private:
    struct OfType {
        uint64_t keys = 0;
        uint64_t bytes = 0;
        uint64_t elements = 0;
    };
    struct Large {
        uint64_t bytes;
        uint64_t elements;
        int db;
        keyspace::ValueType type;
        std::string name;
    };
    // Keys that expire within so many seconds, and not within the step before.
    struct Step {
        const char* name;
        int64_t seconds;
    };
    static constexpr Step kSteps[] = {{"past", 0},
                                      {"minute", 60},
                                      {"hour", 3600},
                                      {"day", 86400},
                                      {"week", 7 * 86400},
                                      {"month", 30 * 86400},
                                      {"later", INT64_MAX / 1000}};
    static constexpr size_t kStepCount = sizeof kSteps / sizeof kSteps[0];

    void note_large(const Key& key);

    const int64_t now_ms_;
    std::array<OfType, keyspace::kValueTypes> types_{};
    std::array<uint64_t, kStepCount> expiring_{};
    std::vector<Large> largest_;  // A heap with the smallest in front.
    uint64_t functions_ = 0;
    uint64_t never_expire_ = 0;
};

}  // namespace millrace::check_rdb
