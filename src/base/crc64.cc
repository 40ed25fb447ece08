// SPDX-License-Identifier: BSD-3-Clause
#include "base/crc64.h"

#include <array>

#include "base/bytes.h"

namespace millrace {
namespace {

constexpr uint64_t kPolynomialReflected = 0x95ac9329ac4bc9b5;

using Table = std::array<uint64_t, 256>;

// kTables[n][byte] is the sum of `byte` with n zero bytes behind it.
constexpr auto kTables = [] {
    std::array<Table, 8> tables{};
    for (unsigned byte = 0; byte < 256; ++byte) {
        uint64_t sum = byte;
        for (int bit = 0; bit < 8; ++bit) {
            sum = (sum >> 1) ^ ((sum & 1) != 0 ? kPolynomialReflected : 0);
        }
        tables[0][byte] = sum;
    }
    for (size_t n = 1; n < tables.size(); ++n) {
        for (unsigned byte = 0; byte < 256; ++byte) {
            const uint64_t before = tables[n - 1][byte];
            tables[n][byte] = (before >> 8) ^ tables[0][before & 0xff];
        }
    }
    return tables;
}();

}  // namespace

uint64_t crc64(uint64_t before, std::string_view bytes) {
    uint64_t sum = before;
    const char* next = bytes.data();
    size_t left = bytes.size();
    for (; left >= 8; left -= 8, next += 8) {
        sum ^= load_little_endian<uint64_t>(next);
        sum = kTables[7][sum & 0xff] ^ kTables[6][sum >> 8 & 0xff] ^ kTables[5][sum >> 16 & 0xff] ^
              kTables[4][sum >> 24 & 0xff] ^ kTables[3][sum >> 32 & 0xff] ^
              kTables[2][sum >> 40 & 0xff] ^ kTables[1][sum >> 48 & 0xff] ^ kTables[0][sum >> 56];
    }
    for (; left > 0; --left, ++next) {
        sum = (sum >> 8) ^ kTables[0][(sum ^ static_cast<unsigned char>(*next)) & 0xff];
    }
    return sum;
}

}  // namespace millrace
