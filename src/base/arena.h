// SPDX-License-Identifier: BSD-3-Clause
//
// Memory that is taken in small pieces and given back all at once. The first chunk is kept for the
// next use, so an arena in a steady state allocates nothing.
//
// Owner:   whoever embeds it. Threads: the owner's.
// Limits:  pieces of any size; those above half a chunk get memory of their own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace millrace {

class Arena {
public:
    static constexpr size_t kChunkBytes = 16 * 1024;

    char* allocate(size_t bytes) {
        if (bytes <= static_cast<size_t>(end_ - next_)) [[likely]] {
            char* piece = next_;
            next_ += bytes;
            return piece;
        }
        return allocate_slowly(bytes);
    }

    std::string_view copy(std::string_view bytes) {
        if (bytes.empty()) return "";  // There may be no memory yet to point to.
        char* piece = allocate(bytes.size());
        std::memcpy(piece, bytes.data(), bytes.size());
        return {piece, bytes.size()};
    }

    // Uninitialised room for `count` values.
    template <typename T>
    T* array(size_t count) {
        static_assert(alignof(T) <= alignof(std::max_align_t));
        const auto misfit = reinterpret_cast<uintptr_t>(next_) % alignof(T);
        const size_t padding = misfit == 0 ? 0 : alignof(T) - misfit;
        if (padding + count * sizeof(T) <= static_cast<size_t>(end_ - next_)) {
            next_ += padding;
            return reinterpret_cast<T*>(allocate(count * sizeof(T)));
        }
        return reinterpret_cast<T*>(allocate_slowly(count * sizeof(T)));
    }

    // Takes over memory that must live as long as the pieces.
    void keep(std::unique_ptr<char[]> memory) { large_.push_back(std::move(memory)); }

    void clear();

private:
    char* allocate_slowly(size_t bytes);

    char* next_ = nullptr;
    char* end_ = nullptr;
    std::unique_ptr<char[]> first_;
    std::vector<std::unique_ptr<char[]>> chunks_;  // Besides the first.
    std::vector<std::unique_ptr<char[]>> large_;
};

}  // namespace millrace
