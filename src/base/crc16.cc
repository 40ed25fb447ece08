// SPDX-License-Identifier: BSD-3-Clause
#include "base/crc16.h"

#include <array>

namespace millrace {
namespace {

constexpr uint16_t kPolynomial = 0x1021;

using Crc16Table = std::array<uint16_t, 256>;

// kCrc16Tables[n][byte] is the sum of `byte` with n zero bytes behind it.
constexpr auto kCrc16Tables = [] {
    std::array<Crc16Table, 8> tables{};
    for (unsigned byte = 0; byte < 256; ++byte) {
        unsigned sum = byte << 8;
        for (int bit = 0; bit < 8; ++bit) sum = (sum << 1) ^ (sum & 0x8000 ? kPolynomial : 0);
        tables[0][byte] = static_cast<uint16_t>(sum);
    }
    for (size_t n = 1; n < tables.size(); ++n) {
        for (unsigned byte = 0; byte < 256; ++byte) {
            const unsigned before = tables[n - 1][byte];
            tables[n][byte] = static_cast<uint16_t>((before << 8) ^ tables[0][before >> 8 & 0xff]);
        }
    }
    return tables;
}();

}  // namespace

uint16_t crc16(std::string_view bytes) {
    unsigned sum = 0;
    const auto* next = reinterpret_cast<const unsigned char*>(bytes.data());
    size_t left = bytes.size();
    for (; left >= 8; left -= 8, next += 8) {
        sum = kCrc16Tables[7][next[0] ^ (sum >> 8)] ^ kCrc16Tables[6][next[1] ^ (sum & 0xff)] ^
              kCrc16Tables[5][next[2]] ^ kCrc16Tables[4][next[3]] ^ kCrc16Tables[3][next[4]] ^
              kCrc16Tables[2][next[5]] ^ kCrc16Tables[1][next[6]] ^ kCrc16Tables[0][next[7]];
    }
    for (; left > 0; --left, ++next) {
        sum = ((sum << 8) & 0xffff) ^ kCrc16Tables[0][(sum >> 8) ^ *next];
    }
    return static_cast<uint16_t>(sum);
}

std::string_view hash_tag(std::string_view key) {
    const size_t open = key.find('{');
    if (open == std::string_view::npos) return key;
    const size_t close = key.find('}', open + 1);
    if (close == std::string_view::npos || close == open + 1) return key;
    return key.substr(open + 1, close - open - 1);
}

}  // namespace millrace
