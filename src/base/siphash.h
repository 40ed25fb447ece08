// SPDX-License-Identifier: BSD-3-Clause
//
// SipHash-1-3: the keyed hash of keys, resistant to flooding while the seed is secret.
//
// The algorithm is Aumasson and Bernstein's ("SipHash: a fast short-input PRF", 2012; public domain), with one
// round per 8 bytes and three at the end, as several languages use it for their hash tables. Inline, since a key of
// 16 bytes takes less time to hash than a call with its saves and restores would add.
//
// Threads: any.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace millrace {

struct SipKey {
    uint64_t low = 0;   // The first 8 bytes of the 128-bit key, little endian.
    uint64_t high = 0;
};

template <unsigned kRounds, unsigned kFinalRounds>
uint64_t siphash(const void* data, size_t bytes, const SipKey& key);

inline uint64_t siphash13(const void* data, size_t bytes, const SipKey& key) {
    return siphash<1, 3>(data, bytes, key);
}

}  // namespace millrace
