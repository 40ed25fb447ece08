// SPDX-License-Identifier: BSD-3-Clause
#include "base/crc16.h"

#include <array>

namespace millrace {
namespace {

constexpr uint16_t kPolynomial = 0x1021;

using Table = std::array<uint16_t, 256>;

// kTables[n][byte] is the sum of `byte` with n zero bytes behind it.
constexpr auto kTables = [] {
    std::array<Table, 8> tables{};
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
        sum = kTables[7][next[0] ^ (sum >> 8)] ^ kTables[6][next[1] ^ (sum & 0xff)] ^
              kTables[5][next[2]] ^ kTables[4][next[3]] ^ kTables[3][next[4]] ^
              kTables[2][next[5]] ^ kTables[1][next[6]] ^ kTables[0][next[7]];
    }
    for (; left > 0; --left, ++next) {
        sum = ((sum << 8) & 0xffff) ^ kTables[0][(sum >> 8) ^ *next];
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
