// SPDX-License-Identifier: BSD-3-Clause
//
// Raw bytes: loads, ASCII case, and ByteReader, the one reader of bytes that come from outside.
//
// Threads: any.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/assert.h"

namespace millrace {

// The integer at `bytes`, as it lies in memory.
template <typename T>
T load(const void* bytes) {
    static_assert(std::is_integral_v<T>);
    T value;
    std::memcpy(&value, bytes, sizeof value);
    return value;
}

template <typename T>
void store(void* bytes, T value) {
    static_assert(std::is_integral_v<T>);
    std::memcpy(bytes, &value, sizeof value);
}

template <typename T>
constexpr T swap_bytes(T value) {
    if constexpr (sizeof(T) == 1) return value;
    if constexpr (sizeof(T) == 2)
        return static_cast<T>(__builtin_bswap16(static_cast<uint16_t>(value)));
    if constexpr (sizeof(T) == 4)
        return static_cast<T>(__builtin_bswap32(static_cast<uint32_t>(value)));
    if constexpr (sizeof(T) == 8)
        return static_cast<T>(__builtin_bswap64(static_cast<uint64_t>(value)));
}

// Whether two texts are the same. Reads nothing behind their ends, where a library's compare with
// masked vectors may wait for the next line of memory, whose bytes it does not use.
inline bool equal_bytes(std::string_view left, std::string_view right) {
    const size_t size = left.size();
    if (size != right.size()) return false;
    const char* const a = left.data();
    const char* const b = right.data();
    if (size >= 8) {
        for (size_t at = 0; at + 8 < size; at += 8) {
            if (load<uint64_t>(a + at) != load<uint64_t>(b + at)) return false;
        }
        return load<uint64_t>(a + size - 8) == load<uint64_t>(b + size - 8);
    }
    if (size >= 4) {
        return load<uint32_t>(a) == load<uint32_t>(b) &&
               load<uint32_t>(a + size - 4) == load<uint32_t>(b + size - 4);
    }
    if (size >= 2) {
        return load<uint16_t>(a) == load<uint16_t>(b) &&
               load<uint16_t>(a + size - 2) == load<uint16_t>(b + size - 2);
    }
    return size == 0 || *a == *b;
}

// The integer whose bytes lie at `bytes` in the named order.
template <typename T>
T load_little_endian(const void* bytes) {
    const T value = load<T>(bytes);
    return std::endian::native == std::endian::little ? value : swap_bytes(value);
}

template <typename T>
T load_big_endian(const void* bytes) {
    const T value = load<T>(bytes);
    return std::endian::native == std::endian::big ? value : swap_bytes(value);
}

template <typename T>
void store_little_endian(void* bytes, T value) {
    store<T>(bytes, std::endian::native == std::endian::little ? value : swap_bytes(value));
}

template <typename T>
void store_big_endian(void* bytes, T value) {
    store<T>(bytes, std::endian::native == std::endian::big ? value : swap_bytes(value));
}

// Letters outside ASCII are left alone.
constexpr char to_lower(char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter | 0x20) : letter;
}
constexpr char to_upper(char letter) {
    return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter & ~0x20) : letter;
}

inline std::string to_lower(std::string_view text) {
    std::string lower(text);
    for (char& letter : lower) letter = to_lower(letter);
    return lower;
}
inline std::string to_upper(std::string_view text) {
    std::string upper(text);
    for (char& letter : upper) letter = to_upper(letter);
    return upper;
}

constexpr bool equals_ignore_case(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    for (size_t i = 0; i < a.size(); ++i) {
        if (to_lower(a[i]) != to_lower(b[i])) return false;
    }
    return true;
}

// Reads forward through bytes that cannot be trusted. A read beyond the end gives zero or nothing
// and marks the reader as failed, for good: so a decoder may read a whole record and test failed()
// once, before it uses it.
class ByteReader {
public:
    explicit ByteReader(std::span<const std::byte> bytes)
        : next_(reinterpret_cast<const char*>(bytes.data())), end_(next_ + bytes.size()) {}
    explicit ByteReader(std::string_view bytes) : next_(bytes.data()), end_(next_ + bytes.size()) {}

    bool failed() const { return failed_; }
    size_t left() const { return static_cast<size_t>(end_ - next_); }
    bool at_end() const { return next_ == end_; }

    // What no read has taken yet.
    std::string_view rest() const { return {next_, left()}; }

    // For decoders that find a value out of range.
    void fail() {
        failed_ = true;
        next_ = end_;
    }

    uint8_t read_byte() { return read_little_endian<uint8_t>(); }

    template <typename T>
    T read_little_endian() {
        if (!require(sizeof(T))) return 0;
        const T value = load_little_endian<T>(next_);
        next_ += sizeof(T);
        return value;
    }

    template <typename T>
    T read_big_endian() {
        if (!require(sizeof(T))) return 0;
        const T value = load_big_endian<T>(next_);
        next_ += sizeof(T);
        return value;
    }

    // `size` may be any number that the bytes themselves gave.
    std::string_view read_bytes(uint64_t size) {
        if (!require(size)) return {};
        const std::string_view bytes(next_, static_cast<size_t>(size));
        next_ += size;
        return bytes;
    }

    void skip(uint64_t size) { (void)read_bytes(size); }

    // The bytes before `mark`, which is skipped too. Fails when there is none.
    std::string_view read_until(char mark) {
        const void* found = left() == 0 ? nullptr : std::memchr(next_, mark, left());
        if (found == nullptr) {
            fail();
            return {};
        }
        const auto size = static_cast<size_t>(static_cast<const char*>(found) - next_);
        const std::string_view bytes(next_, size);
        next_ += size + 1;
        return bytes;
    }

private:
    bool require(uint64_t size) {
        if (size <= left()) [[likely]]
            return true;
        fail();
        return false;
    }

    const char* next_;
    const char* end_;
    bool failed_ = false;
};

}  // namespace millrace
