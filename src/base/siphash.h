// SPDX-License-Identifier: BSD-3-Clause
//
// SipHash-1-3: the keyed hash of keys, resistant to flooding while the seed is secret.
//
// The algorithm is Aumasson and Bernstein's ("SipHash: a fast short-input PRF", 2012; public
// domain), with one round per 8 bytes and three at the end, as several languages use it for their
// hash tables. Inline, since a key of 16 bytes takes about as long to hash as a call with its saves
// and restores.
//
// Threads: any.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace millrace {

struct SipKey {
    uint64_t low = 0;  // The first 8 bytes of the 128-bit key, little endian.
    uint64_t high = 0;
};

namespace siphash_detail {

static_assert(std::endian::native == std::endian::little);

struct State {
    uint64_t v0, v1, v2, v3;

    void round() {
        v0 += v1;
        v2 += v3;
        v1 = std::rotl(v1, 13) ^ v0;
        v3 = std::rotl(v3, 16) ^ v2;
        v0 = std::rotl(v0, 32);
        v2 += v1;
        v0 += v3;
        v1 = std::rotl(v1, 17) ^ v2;
        v3 = std::rotl(v3, 21) ^ v0;
        v2 = std::rotl(v2, 32);
    }
    template <unsigned kRounds>
    void absorb(uint64_t word) {
        v3 ^= word;
        for (unsigned i = 0; i < kRounds; ++i) round();
        v0 ^= word;
    }
};

template <typename T>
uint64_t read(const unsigned char* bytes) {
    T value;
    std::memcpy(&value, bytes, sizeof(value));
    return value;
}

// The last 0 to 7 bytes as a number, without reading beyond them and without a loop.
inline uint64_t read_tail(const unsigned char* bytes, size_t count) {
    if (count >= 4) {
        const uint64_t high = read<uint32_t>(bytes + count - 4);
        return read<uint32_t>(bytes) | high << (8 * (count - 4));
    }
    if (count == 0) return 0;
    const uint64_t middle = bytes[count / 2];
    const uint64_t last = bytes[count - 1];
    return bytes[0] | middle << (8 * (count / 2)) | last << (8 * (count - 1));
}

}  // namespace siphash_detail

template <unsigned kRounds, unsigned kFinalRounds>
uint64_t siphash(const void* data, size_t bytes, const SipKey& key) {
    using namespace siphash_detail;
    State state{key.low ^ 0x736f6d6570736575, key.high ^ 0x646f72616e646f6d,
                key.low ^ 0x6c7967656e657261, key.high ^ 0x7465646279746573};

    const auto* at = static_cast<const unsigned char*>(data);
    const unsigned char* const words_end = at + (bytes & ~size_t{7});
    for (; at != words_end; at += 8) state.absorb<kRounds>(read<uint64_t>(at));
    state.absorb<kRounds>(read_tail(at, bytes & 7) | uint64_t{bytes} << 56);

    state.v2 ^= 0xff;
    for (unsigned i = 0; i < kFinalRounds; ++i) state.round();
    return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

inline uint64_t siphash13(const void* data, size_t bytes, const SipKey& key) {
    return siphash<1, 3>(data, bytes, key);
}

}  // namespace millrace
