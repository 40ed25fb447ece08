// SPDX-License-Identifier: BSD-3-Clause
//
// A sorted array of distinct integers in one block of memory, byte for byte as RDB files hold it.
//
//     | width: u32, 2 4 or 8 | elements: u32 | the elements, ascending, each of that width |
//
// The width is that of the largest element there ever was. Finding is a binary search; inserting
// and erasing move what is behind.
//
// Owner:   whoever holds it; it moves, and copies only by clone().
// Threads: any, one at a time.
// Invariants: check_invariants().
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.h"

namespace millrace::structures {

class Intset {
public:
    static constexpr size_t kSizeMax = size_t{1} << 30;

    Intset();
    ~Intset();
    Intset(Intset&& other) noexcept;
    Intset& operator=(Intset&& other) noexcept;

    // A copy of bytes from outside, after a check of every one of them.
    static Result<Intset> from_blob(std::span<const char> blob);
    Intset clone() const;

    std::span<const char> blob() const { return {data_, bytes()}; }
    size_t bytes() const { return kHeaderBytes + size() * width(); }
    size_t memory_bytes() const;  // What the block of memory really holds.
    size_t size() const;
    bool empty() const { return size() == 0; }

    bool contains(int64_t value) const;
    // The index-th smallest.
    int64_t at(size_t index) const;
    bool insert(int64_t value);  // False: it is there already.
    bool erase(int64_t value);   // False: it is not there.

    void check_invariants() const;

private:
    static constexpr size_t kHeaderBytes = 8;

    explicit Intset(size_t capacity);
    size_t width() const;
    char* element(size_t index) { return data_ + kHeaderBytes + index * width(); }
    void put(size_t index, int64_t value);
    void set_header(size_t width, size_t size);
    void reserve(size_t bytes);
    void widen(size_t width);
    size_t lower_bound(int64_t value) const;
    static Status check(std::span<const char> blob);

    char* data_;
};

}  // namespace millrace::structures
