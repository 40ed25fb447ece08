// SPDX-License-Identifier: BSD-3-Clause
#include "commands/support/shared_subsequence.h"

#include <algorithm>

namespace millrace::commands::support {

std::optional<size_t> SharedSubsequence::table_bytes() const {
    size_t bytes = 0;
    if (__builtin_mul_overflow(first_.size() + 1, second_.size() + 1, &bytes)) return std::nullopt;
    if (__builtin_mul_overflow(bytes, sizeof(uint32_t), &bytes)) return std::nullopt;
    return bytes;
}

void SharedSubsequence::build() {
    const size_t width = second_.size() + 1;
    table_.assign((first_.size() + 1) * width, 0);
    for (size_t i = 1; i <= first_.size(); ++i) {
        const uint32_t* above = &table_[(i - 1) * width];
        uint32_t* row = &table_[i * width];
        for (size_t j = 1; j < width; ++j) {
            row[j] =
                first_[i - 1] == second_[j - 1] ? above[j - 1] + 1 : std::max(above[j], row[j - 1]);
        }
    }
}

template <typename Visit>
void SharedSubsequence::walk_back(Visit&& visit) const {
    size_t i = first_.size();
    size_t j = second_.size();
    while (i > 0 && j > 0) {
        if (first_[i - 1] == second_[j - 1]) {
            --i;
            --j;
            visit(i, j);
        } else if (at(i - 1, j) > at(i, j - 1)) {
            --i;
        } else {
            --j;
        }
    }
}

std::string SharedSubsequence::text() const {
    std::string text(length(), '\0');
    size_t left = text.size();
    walk_back([&](size_t i, size_t) { text[--left] = first_[i]; });
    return text;
}

std::vector<SharedSubsequence::Match> SharedSubsequence::matches() const {
    std::vector<Match> found;
    walk_back([&](size_t i, size_t j) {
        if (!found.empty() && found.back().first_begin == i + 1 &&
            found.back().second_begin == j + 1) {
            found.back() = {i, j, found.back().bytes + 1};
        } else {
            found.push_back({i, j, 1});
        }
    });
    return found;
}

}  // namespace millrace::commands::support
