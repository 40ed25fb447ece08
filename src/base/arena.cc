// SPDX-License-Identifier: BSD-3-Clause
#include "base/arena.h"

namespace millrace {

char* Arena::allocate_slowly(size_t bytes) {
    if (bytes > kChunkBytes / 2) {
        large_.push_back(std::make_unique_for_overwrite<char[]>(bytes));
        return large_.back().get();
    }
    auto chunk = std::make_unique_for_overwrite<char[]>(kChunkBytes);
    next_ = chunk.get();
    end_ = next_ + kChunkBytes;
    if (first_ == nullptr) {
        first_ = std::move(chunk);
    } else {
        chunks_.push_back(std::move(chunk));
    }
    char* piece = next_;
    next_ += bytes;
    return piece;
}

void Arena::clear() {
    chunks_.clear();
    large_.clear();
    next_ = first_.get();
    end_ = first_ == nullptr ? nullptr : next_ + kChunkBytes;
}

}  // namespace millrace
