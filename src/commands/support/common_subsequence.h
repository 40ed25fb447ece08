// SPDX-License-Identifier: BSD-3-Clause
//
// The longest common subsequence of two strings, by the textbook table of lengths (Wagner and Fischer, 1974).
//
// Owner:   the command that compares.
// Threads: any; belongs to whoever made it.
// Limits:  table_bytes() of memory; the caller checks it before build().
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::commands::support {

class CommonSubsequence {
public:
    // The strings stay valid as long as this does.
    CommonSubsequence(std::string_view first, std::string_view second)
        : first_(first), second_(second) {}

    // What build() takes; none if that cannot be counted.
    std::optional<size_t> table_bytes() const;
    void build();

    uint32_t length() const { return at(first_.size(), second_.size()); }
    std::string text() const;

    // A stretch of equal bytes: positions of its first byte in both strings, and how many bytes.
    struct Match {
        size_t first_begin;
        size_t second_begin;
        size_t bytes;
    };
    // The stretches that the subsequence consists of, the last one first.
    std::vector<Match> matches() const;

private:
    uint32_t at(size_t first, size_t second) const {
        return table_[first * (second_.size() + 1) + second];
    }
    // Visits the positions of the subsequence's bytes in both strings, from the end.
    template <typename Visit>
    void walk_back(Visit&& visit) const;

    std::string_view first_;
    std::string_view second_;
    std::vector<uint32_t> table_;  // [i][j]: the length for the first i and j bytes.
};

}  // namespace millrace::commands::support
