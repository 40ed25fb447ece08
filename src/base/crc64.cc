// SPDX-License-Identifier: BSD-3-Clause
//
// Long stretches are folded, where the processor multiplies without carry: 64 bytes at a time are
// moved over the next 64 by multiplying with what the distance is worth modulo the polynomial, four
// streams at once. What is left are 16 bytes with the same sum, which the tables take. Else tables
// do it all, eight bytes at a time.
#include "base/crc64.h"

#include <array>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "base/bytes.h"

namespace millrace {
namespace {

constexpr uint64_t kPolynomialReflected = 0x95ac9329ac4bc9b5;

using Crc64Table = std::array<uint64_t, 256>;

// kCrc64Tables[n][byte] is the sum of `byte` with n zero bytes behind it.
constexpr auto kCrc64Tables = [] {
    std::array<Crc64Table, 8> tables{};
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

uint64_t sum_by_tables(uint64_t before, std::string_view bytes) {
    uint64_t sum = before;
    const char* next = bytes.data();
    size_t left = bytes.size();
    for (; left >= 8; left -= 8, next += 8) {
        sum ^= load_little_endian<uint64_t>(next);
        sum = kCrc64Tables[7][sum & 0xff] ^ kCrc64Tables[6][sum >> 8 & 0xff] ^
              kCrc64Tables[5][sum >> 16 & 0xff] ^ kCrc64Tables[4][sum >> 24 & 0xff] ^
              kCrc64Tables[3][sum >> 32 & 0xff] ^ kCrc64Tables[2][sum >> 40 & 0xff] ^
              kCrc64Tables[1][sum >> 48 & 0xff] ^ kCrc64Tables[0][sum >> 56];
    }
    for (; left > 0; --left, ++next) {
        sum = (sum >> 8) ^ kCrc64Tables[0][(sum ^ static_cast<unsigned char>(*next)) & 0xff];
    }
    return sum;
}

#if defined(__x86_64__)

constexpr size_t kLaneBytes = 16;
constexpr size_t kFoldedBytes = 4 * kLaneBytes;

// x^n modulo the polynomial; the highest bit stands for x^0.
constexpr uint64_t power_of_x(unsigned n) {
    uint64_t power = uint64_t{1} << 63;
    for (; n > 0; --n) power = (power >> 1) ^ ((power & 1) != 0 ? kPolynomialReflected : 0);
    return power;
}

// What 16 bytes are multiplied with to stand `bits` further on: the halves are 64 bits apart, and a
// product of reflected numbers is one bit short.
struct Distance {
    uint64_t first;
    uint64_t second;
    explicit constexpr Distance(unsigned bits)
        : first(power_of_x(bits + 63)), second(power_of_x(bits - 1)) {}
};
constexpr Distance kFourLanes(8 * kFoldedBytes);
constexpr Distance kOneLane(8 * kLaneBytes);

[[gnu::target("pclmul,sse2")]] inline __m128i load(const char* from) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
}

[[gnu::target("pclmul,sse2")]] inline __m128i move_over(__m128i lane, __m128i by, __m128i next) {
    const __m128i first = _mm_clmulepi64_si128(lane, by, 0x00);
    const __m128i second = _mm_clmulepi64_si128(lane, by, 0x11);
    return _mm_xor_si128(_mm_xor_si128(first, second), next);
}

[[gnu::target("pclmul,sse2")]] inline __m128i as_vector(const Distance& distance) {
    return _mm_set_epi64x(static_cast<int64_t>(distance.second),
                          static_cast<int64_t>(distance.first));
}

// Of at least 64 bytes; takes all that are whole sixteens.
[[gnu::target("pclmul,sse2")]] uint64_t sum_by_folding(uint64_t before, std::string_view& bytes) {
    const char* next = bytes.data();
    size_t left = bytes.size() - kFoldedBytes;
    __m128i lanes[4];
    for (__m128i& lane : lanes) {
        lane = load(next);
        next += kLaneBytes;
    }
    lanes[0] = _mm_xor_si128(lanes[0], _mm_set_epi64x(0, static_cast<int64_t>(before)));
    const __m128i far = as_vector(kFourLanes);
    for (; left >= kFoldedBytes; left -= kFoldedBytes) {
        for (__m128i& lane : lanes) {
            lane = move_over(lane, far, load(next));
            next += kLaneBytes;
        }
    }
    const __m128i near = as_vector(kOneLane);
    __m128i one = lanes[0];
    for (int i = 1; i < 4; ++i) one = move_over(one, near, lanes[i]);
    for (; left >= kLaneBytes; left -= kLaneBytes, next += kLaneBytes) {
        one = move_over(one, near, load(next));
    }
    char rest[kLaneBytes];
    _mm_storeu_si128(reinterpret_cast<__m128i*>(rest), one);
    bytes.remove_prefix(bytes.size() - left);
    return sum_by_tables(0, {rest, kLaneBytes});
}

bool can_fold() {
    return __builtin_cpu_supports("pclmul");
}

#else

constexpr size_t kFoldedBytes = 64;
uint64_t sum_by_folding(uint64_t before, std::string_view&) {
    return before;
}
bool can_fold() {
    return false;
}

#endif

}  // namespace

uint64_t crc64_portably(uint64_t before, std::string_view bytes) {
    return sum_by_tables(before, bytes);
}

uint64_t crc64(uint64_t before, std::string_view bytes) {
    uint64_t sum = before;
    if (bytes.size() >= kFoldedBytes && can_fold()) sum = sum_by_folding(sum, bytes);
    return sum_by_tables(sum, bytes);
}

}  // namespace millrace
