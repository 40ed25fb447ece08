// SPDX-License-Identifier: BSD-3-Clause
#include "base/siphash.h"

#include <gtest/gtest.h>

#include <memory>
#include <utility>

namespace millrace {
namespace {

constexpr SipKey kKey{0x0706050403020100, 0x0f0e0d0c0b0a0908};

// The input of all published vectors: 0, 1, 2, ... in a block of its own, so that reading beyond it
// shows.
std::unique_ptr<unsigned char[]> input(size_t bytes) {
    auto data = std::make_unique<unsigned char[]>(bytes);
    for (size_t i = 0; i < bytes; ++i) data[i] = static_cast<unsigned char>(i);
    return data;
}

// The result as the authors print it: its bytes in order.
uint64_t printed(uint64_t hash) {
    return __builtin_bswap64(hash);
}

TEST(SipHash, AgreesWithTheAuthorsVectorsOfSipHash24) {
    const std::pair<size_t, uint64_t> vectors[] = {
        {0, 0x310e0edd47db6f72},  {1, 0xfd67dc93c539f874},  {7, 0x37d1018bf50002ab},
        {8, 0x6224939a79f5f593},  {15, 0xe545be4961ca29a1}, {16, 0xdb9bc2577fcc2a3f},
        {31, 0x42c341d8fa92d832},
    };
    for (auto [bytes, expected] : vectors)
        EXPECT_EQ(printed(siphash<2, 4>(input(bytes).get(), bytes, kKey)), expected) << bytes;
}

// From OpenSSL: `openssl mac -macopt hexkey:00010203... -macopt size:8 -macopt c-rounds:1 -macopt
// d-rounds:3 SIPHASH`.
TEST(SipHash, AgreesWithOpensslOnSipHash13) {
    const std::pair<size_t, uint64_t> vectors[] = {
        {0, 0xdcc40f055801acab},  {1, 0x93ca577df39bf4c9},  {7, 0x4011b19b987d92d3},
        {8, 0x8e9a298d11959036},  {15, 0x5699512a6dd820d3}, {16, 0x668b907d1add4fcc},
        {31, 0xbcd1218c1fdd7023}, {33, 0xbff98f7ae5b9544d},
    };
    for (auto [bytes, expected] : vectors)
        EXPECT_EQ(printed(siphash13(input(bytes).get(), bytes, kKey)), expected) << bytes;
}

TEST(SipHash, EveryByteAndTheKeyMatter) {
    for (size_t bytes = 1; bytes < 40; ++bytes) {
        auto data = input(bytes);
        const uint64_t before = siphash13(data.get(), bytes, kKey);
        for (size_t i = 0; i < bytes; ++i) {
            data[i] ^= 0x10;
            EXPECT_NE(siphash13(data.get(), bytes, kKey), before);
            data[i] ^= 0x10;
        }
        EXPECT_NE(siphash13(data.get(), bytes, SipKey{kKey.low, kKey.high + 1}), before);
    }
}

}  // namespace
}  // namespace millrace
