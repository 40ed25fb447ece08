// SPDX-License-Identifier: BSD-3-Clause
//
// How the elements of a listpack are encoded; for the structures that hold such elements.
//
// Threads: any; pure functions. They read bytes that have been checked.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace millrace::structures::listpack_format {

inline constexpr uint8_t kEnd = 0xff;
inline constexpr uint8_t kText32 = 0xf0;
inline constexpr uint8_t kInt16 = 0xf1;
inline constexpr uint8_t kInt24 = 0xf2;
inline constexpr uint8_t kInt32 = 0xf3;
inline constexpr uint8_t kInt64 = 0xf4;
inline uint8_t byte_at(const char* at) {
    return static_cast<uint8_t>(*at);
}

// How an element begins: the bytes before its text, and those of the text. A number is all head.
struct Shape {
    uint32_t head;
    uint32_t text;
    bool is_text;
    size_t size() const { return size_t{head} + text; }
    bool operator==(const Shape&) const = default;
};

// Bytes that have to be there before shape_of() may look.
inline size_t head_bytes(uint8_t first) {
    if ((first & 0xf0) == 0xe0) return 2;
    return first == kText32 ? 5 : 1;
}

[[gnu::always_inline]] inline Shape shape_of(const char* at) {
    const uint8_t first = byte_at(at);
    if (first < 0x80) return {1, 0, false};
    if (first < 0xc0) return {1, first & 0x3fu, true};
    if (first < 0xe0) return {2, 0, false};
    if (first < 0xf0) return {2, (first & 0xfu) << 8 | byte_at(at + 1), true};
    if (first == kText32) return {5, load_little_endian<uint32_t>(at + 1), true};
    if (first == kInt16) return {3, 0, false};
    if (first == kInt24) return {4, 0, false};
    if (first == kInt32) return {5, 0, false};
    return {9, 0, false};
}

[[gnu::always_inline]] inline size_t back_length_bytes(size_t size) {
    if (size <= 127) return 1;
    if (size <= 16383) return 2;
    if (size <= 2097151) return 3;
    return size <= 268435455 ? 4 : 5;
}

inline void write_back_length(char* at, size_t size, size_t bytes) {
    for (size_t i = bytes; i-- > 0; size >>= 7) {
        const auto mark = static_cast<uint8_t>(i == 0 ? 0 : 0x80);
        at[i] = static_cast<char>((size & 0x7f) | mark);
    }
}

// The number that ends before `end`; at most five bytes are looked at.
inline uint64_t read_back_length(const char* end) {
    uint64_t size = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
        const uint8_t byte = byte_at(--end);
        size |= uint64_t{byte & 0x7fu} << shift;
        if ((byte & 0x80) == 0) break;
    }
    return size;
}

inline int64_t number_at(const char* at) {
    const uint8_t first = byte_at(at);
    if (first < 0x80) return first;
    if (first < 0xe0) {
        const int32_t bits = (first & 0x1f) << 8 | byte_at(at + 1);
        return bits < 4096 ? bits : bits - 8192;
    }
    if (first == kInt16) return load_little_endian<int16_t>(at + 1);
    if (first == kInt24) {
        const int32_t low = load_little_endian<uint16_t>(at + 1);
        return static_cast<int8_t>(at[3]) * 65536 + low;
    }
    if (first == kInt32) return load_little_endian<int32_t>(at + 1);
    return load_little_endian<int64_t>(at + 1);
}

}  // namespace millrace::structures::listpack_format
