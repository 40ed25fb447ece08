// SPDX-License-Identifier: BSD-3-Clause
//
// Sums and differences of integers modulo 2^64. For numbers that a client or a file may choose at
// will, where Valkey shows what is left of one that does not fit.
//
// Threads: any.
#pragma once

#include <cstdint>

namespace millrace {

constexpr int64_t wrapping_add(int64_t a, int64_t b) {
    return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}

constexpr int64_t wrapping_subtract(int64_t a, int64_t b) {
    return static_cast<int64_t>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
}

}  // namespace millrace
