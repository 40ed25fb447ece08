// SPDX-License-Identifier: BSD-3-Clause
#include "structures/packed_registers.h"

#include <algorithm>

#include "base/assert.h"
#include "base/bytes.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace millrace::structures {
namespace {

// Eight registers stand in six bytes. In a word they are spread to a byte each in three steps:
// halves, quarters, registers; and brought together again.
constexpr size_t kGroup = 8;
constexpr size_t kGroupBytes = 6;

uint64_t spread(const char* bytes) {
    uint64_t word = load_little_endian<uint32_t>(bytes) |
                    uint64_t{load_little_endian<uint16_t>(bytes + 4)} << 32;
    word = (word & 0xffffff) | (word & 0xffffff000000) << 8;
    word = (word & 0x00000fff00000fff) | (word & 0x00fff00000fff000) << 4;
    return (word & 0x003f003f003f003f) | (word & 0x0fc00fc00fc00fc0) << 2;
}

void gather(uint64_t ranks, char* bytes) {
    uint64_t word = (ranks & 0x003f003f003f003f) | (ranks & 0x3f003f003f003f00) >> 2;
    word = (word & 0x00000fff00000fff) | (word & 0x0fff00000fff0000) >> 4;
    word = (word & 0xffffff) | (word & 0x00ffffff00000000) >> 8;
    store_little_endian(bytes, static_cast<uint32_t>(word));
    store_little_endian(bytes + 4, static_cast<uint16_t>(word >> 32));
}

}  // namespace

void unpack_registers_portably(const char* packed, size_t count, uint8_t* registers) {
    DCHECK(count % kRegistersAtOnce == 0);
    for (size_t at = 0; at < count; at += kGroup, packed += kGroupBytes)
        store_little_endian(registers + at, spread(packed));
}

void merge_registers_portably(const char* packed, size_t count, uint8_t* registers) {
    constexpr size_t kStretch = kRegistersAtOnce;  // Long enough for the compiler's vectors.
    for (size_t at = 0; at < count; at += kStretch, packed += packed_register_bytes(kStretch)) {
        uint8_t others[kStretch];
        unpack_registers_portably(packed, kStretch, others);
        for (size_t i = 0; i < kStretch; ++i)
            registers[at + i] = std::max(registers[at + i], others[i]);
    }
}

void pack_registers_portably(const uint8_t* registers, size_t count, char* packed) {
    DCHECK(count % kRegistersAtOnce == 0);
    for (size_t at = 0; at < count; at += kGroup, packed += kGroupBytes)
        gather(load_little_endian<uint64_t>(registers + at), packed);
}

#if defined(__x86_64__)

namespace {

constexpr size_t kVector = 32;                    // Registers in a vector, which take
constexpr size_t kVectorBytes = kVector / 4 * 3;  // this many bytes packed.
static_assert(kRegistersAtOnce % kVector == 0);

// The registers at `packed`. Each half of the vector gets twelve bytes, the second one from bytes
// that are loaded from further left, so that nothing beyond the 24 is read; then three bytes become
// the low ones of a lane of four, and three of its four registers move up.
__attribute__((target("avx2"), always_inline)) inline __m256i unpacked(const char* packed) {
    const __m256i places =
        _mm256_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1,  //
                         4, 5, 6, -1, 7, 8, 9, -1, 10, 11, 12, -1, 13, 14, 15, -1);
    const __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(packed));
    const __m128i high = _mm_loadu_si128(reinterpret_cast<const __m128i*>(packed + 8));
    const __m256i lanes = _mm256_shuffle_epi8(_mm256_set_m128i(high, low), places);
    const __m256i first = _mm256_and_si256(lanes, _mm256_set1_epi32(0x3f));
    const __m256i second = _mm256_and_si256(_mm256_slli_epi32(lanes, 2), _mm256_set1_epi32(0x3f00));
    const __m256i third =
        _mm256_and_si256(_mm256_slli_epi32(lanes, 4), _mm256_set1_epi32(0x3f0000));
    const __m256i fourth =
        _mm256_and_si256(_mm256_slli_epi32(lanes, 6), _mm256_set1_epi32(0x3f000000));
    return _mm256_or_si256(_mm256_or_si256(first, second), _mm256_or_si256(third, fourth));
}

__attribute__((target("avx2"))) void unpack_vectors(const char* packed, size_t count,
                                                    uint8_t* registers) {
    for (size_t at = 0; at < count; at += kVector, packed += kVectorBytes)
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(registers + at), unpacked(packed));
}

__attribute__((target("avx2"))) void merge_vectors(const char* packed, size_t count,
                                                   uint8_t* registers) {
    for (size_t at = 0; at < count; at += kVector, packed += kVectorBytes) {
        auto* place = reinterpret_cast<__m256i*>(registers + at);
        const __m256i higher = _mm256_max_epu8(_mm256_loadu_si256(place), unpacked(packed));
        _mm256_storeu_si256(place, higher);
    }
}

// Neighbours are joined by multiplying and adding, first to twelve bits, then to 24; the three
// bytes of each lane move together, and 24 are stored in three pieces.
__attribute__((target("avx2"))) void pack_vectors(const uint8_t* registers, size_t count,
                                                  char* packed) {
    const __m256i places =
        _mm256_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1,  //
                         0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1);
    for (size_t at = 0; at < count; at += kVector, packed += kVectorBytes) {
        const __m256i ranks = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(registers + at));
        const __m256i pairs = _mm256_maddubs_epi16(ranks, _mm256_set1_epi16(0x4001));
        const __m256i fours = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x10000001));
        const __m256i bytes = _mm256_shuffle_epi8(fours, places);
        const __m128i high = _mm256_extracti128_si256(bytes, 1);
        _mm_storeu_si128(reinterpret_cast<__m128i*>(packed), _mm256_castsi256_si128(bytes));
        _mm_storel_epi64(reinterpret_cast<__m128i*>(packed + 12), high);
        store(packed + 20, _mm_extract_epi32(high, 2));
    }
}

bool has_vectors() {
    return __builtin_cpu_supports("avx2") != 0;
}

}  // namespace

void unpack_registers(const char* packed, size_t count, uint8_t* registers) {
    DCHECK(count % kRegistersAtOnce == 0);
    const auto unpack = has_vectors() ? unpack_vectors : unpack_registers_portably;
    unpack(packed, count, registers);
}

void merge_registers(const char* packed, size_t count, uint8_t* registers) {
    DCHECK(count % kRegistersAtOnce == 0);
    const auto merge = has_vectors() ? merge_vectors : merge_registers_portably;
    merge(packed, count, registers);
}

void pack_registers(const uint8_t* registers, size_t count, char* packed) {
    DCHECK(count % kRegistersAtOnce == 0);
    const auto pack = has_vectors() ? pack_vectors : pack_registers_portably;
    pack(registers, count, packed);
}

#else

void unpack_registers(const char* packed, size_t count, uint8_t* registers) {
    unpack_registers_portably(packed, count, registers);
}

void merge_registers(const char* packed, size_t count, uint8_t* registers) {
    merge_registers_portably(packed, count, registers);
}

void pack_registers(const uint8_t* registers, size_t count, char* packed) {
    pack_registers_portably(registers, count, packed);
}

#endif

}  // namespace millrace::structures
