// SPDX-License-Identifier: BSD-3-Clause
//
// A growable stretch of bytes. Unlike a vector it never fills what it makes room for.
//
//     char* at = buffer.prepare(20);               // room for 20 bytes, not part of the buffer yet
//     buffer.commit(format_integer(at, value));    // now the written ones are
//
// Owner:      whoever holds it; it moves, and does not copy.
// Threads:    any, one at a time.
// Invariants: size() <= capacity(). Growing moves the bytes, so pointers and views end with it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

#include "base/assert.h"
#include "base/memory.h"

namespace millrace {

class ByteBuffer {
public:
    ByteBuffer() = default;
    explicit ByteBuffer(size_t capacity) { grow(capacity); }
    ByteBuffer(ByteBuffer&& other) noexcept
        : bytes_(std::exchange(other.bytes_, nullptr)),
          size_(std::exchange(other.size_, 0)),
          capacity_(std::exchange(other.capacity_, 0)) {}
    ByteBuffer& operator=(ByteBuffer&& other) noexcept {
        ByteBuffer old(std::move(other));
        std::swap(bytes_, old.bytes_);
        std::swap(size_, old.size_);
        std::swap(capacity_, old.capacity_);
        return *this;
    }
    ~ByteBuffer() { deallocate(bytes_, capacity_); }

    char* data() { return bytes_; }
    const char* data() const { return bytes_; }
    size_t size() const { return size_; }
    size_t capacity() const { return capacity_; }
    bool empty() const { return size_ == 0; }
    std::string_view view() const { return {bytes_, size_}; }
    char& operator[](size_t at) {
        DCHECK(at < size_);
        return bytes_[at];
    }

    // Room for `size` more bytes behind the last one. What is written there counts after commit().
    char* prepare(size_t size) {
        if (capacity_ - size_ < size) [[unlikely]]
            grow_for(size);
        return bytes_ + size_;
    }
    void commit(size_t size) {
        DCHECK(size <= capacity_ - size_);
        size_ += size;
    }
    // The memory behind the last byte that is there already.
    std::span<char> spare() { return {bytes_ + size_, capacity_ - size_}; }

    void append(char byte) {
        *prepare(1) = byte;
        ++size_;
    }
    void append(std::string_view bytes) {
        if (bytes.empty()) return;
        std::memcpy(prepare(bytes.size()), bytes.data(), bytes.size());
        size_ += bytes.size();
    }

    // Drops the first bytes; the others move to the front.
    void erase_front(size_t size) {
        DCHECK(size <= size_);
        size_ -= size;
        if (size > 0 && size_ > 0) std::memmove(bytes_, bytes_ + size, size_);
    }
    void truncate(size_t size) {
        DCHECK(size <= size_);
        size_ = size;
    }
    void clear() { size_ = 0; }

    // Gives the memory back, with the bytes.
    void release() { *this = ByteBuffer(); }

    // Gives back what is beyond `capacity`, or beyond the bytes if those are more.
    void shrink(size_t capacity) {
        capacity = std::max(capacity, size_);
        if (capacity >= capacity_) return;
        if (capacity == 0) return release();
        grow(capacity);
    }

private:
    static constexpr size_t kCapacityFirst = 64;

    void grow_for(size_t size) {
        size_t needed = 0;
        CHECK(!__builtin_add_overflow(size_, size, &needed));
        grow(std::max({needed, capacity_ + capacity_ / 2, kCapacityFirst}));
    }
    void grow(size_t capacity) {
        char* const bytes = static_cast<char*>(allocate(capacity));
        if (size_ > 0) std::memcpy(bytes, bytes_, size_);
        deallocate(bytes_, capacity_);
        bytes_ = bytes;
        capacity_ = capacity;
    }

    char* bytes_ = nullptr;
    size_t size_ = 0;
    size_t capacity_ = 0;
};

}  // namespace millrace
