// SPDX-License-Identifier: BSD-3-Clause
//
// How many bytes things take on the wire, without encoding them.
//
// Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>

namespace millrace::protocol {

inline constexpr size_t kLineEndBytes = 2;  // "\r\n"

inline size_t decimal_digits(uint64_t value) {
    size_t digits = 1;
    for (; value >= 10000; value /= 10000) digits += 4;
    return digits + (value >= 10) + (value >= 100) + (value >= 1000);
}

inline size_t decimal_chars(int64_t value) {
    return value < 0 ? 1 + decimal_digits(-static_cast<uint64_t>(value))
                     : decimal_digits(static_cast<uint64_t>(value));
}

// ":value\r\n"
inline size_t integer_bytes(int64_t value) {
    return 3 + decimal_chars(value);
}

// "$length\r\n", the bytes, "\r\n"
inline size_t bulk_bytes(size_t length) {
    return 5 + decimal_digits(length) + length;
}

}  // namespace millrace::protocol
