// SPDX-License-Identifier: BSD-3-Clause
#include "base/bit_count.h"

#include <bit>
#include <iterator>
#include <numeric>

#include "base/bytes.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace millrace {

uint64_t count_set_bits_portably(std::string_view bytes) {
    uint64_t total = 0;
    size_t at = 0;
    for (; at + 8 <= bytes.size(); at += 8)
        total += static_cast<uint64_t>(std::popcount(load_little_endian<uint64_t>(&bytes[at])));
    for (; at < bytes.size(); ++at)
        total += static_cast<uint64_t>(std::popcount(static_cast<uint8_t>(bytes[at])));
    return total;
}

#if defined(__x86_64__)

namespace {

constexpr size_t kVectorBytes = 32;
// A byte of the sums grows by 8 at most with each vector, so this many fit.
constexpr size_t kVectorsPerSum = 31;

// Of whole vectors.
__attribute__((target("avx2"))) uint64_t count_vectors(const char* data, size_t vectors) {
    const __m256i counts = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1,
                                            2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
    const __m256i low_half = _mm256_set1_epi8(0x0f);
    __m256i total = _mm256_setzero_si256();
    while (vectors > 0) {
        const size_t round = vectors < kVectorsPerSum ? vectors : kVectorsPerSum;
        __m256i sums = _mm256_setzero_si256();
        for (size_t i = 0; i < round; ++i, data += kVectorBytes) {
            const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(data));
            const __m256i low = _mm256_and_si256(bytes, low_half);
            const __m256i high = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), low_half);
            sums = _mm256_add_epi8(sums, _mm256_shuffle_epi8(counts, low));
            sums = _mm256_add_epi8(sums, _mm256_shuffle_epi8(counts, high));
        }
        total = _mm256_add_epi64(total, _mm256_sad_epu8(sums, _mm256_setzero_si256()));
        vectors -= round;
    }
    return static_cast<uint64_t>(_mm256_extract_epi64(total, 0)) +
           static_cast<uint64_t>(_mm256_extract_epi64(total, 1)) +
           static_cast<uint64_t>(_mm256_extract_epi64(total, 2)) +
           static_cast<uint64_t>(_mm256_extract_epi64(total, 3));
}

constexpr size_t kBlockBytes = 256;

// Of whole blocks, where the processor counts by itself. Four sums, so that none waits for another.
__attribute__((target("avx512f,avx512vpopcntdq"))) uint64_t count_blocks(const char* data,
                                                                         size_t blocks) {
    __m512i first = _mm512_setzero_si512();
    __m512i second = first;
    __m512i third = first;
    __m512i fourth = first;
    for (; blocks > 0; --blocks, data += kBlockBytes) {
        first = _mm512_add_epi64(first, _mm512_popcnt_epi64(_mm512_loadu_si512(data)));
        second = _mm512_add_epi64(second, _mm512_popcnt_epi64(_mm512_loadu_si512(data + 64)));
        third = _mm512_add_epi64(third, _mm512_popcnt_epi64(_mm512_loadu_si512(data + 128)));
        fourth = _mm512_add_epi64(fourth, _mm512_popcnt_epi64(_mm512_loadu_si512(data + 192)));
    }
    const __m512i low = _mm512_add_epi64(first, second);
    const __m512i high = _mm512_add_epi64(third, fourth);
    uint64_t sums[8];
    _mm512_storeu_si512(sums, _mm512_add_epi64(low, high));
    return std::accumulate(std::begin(sums), std::end(sums), uint64_t{0});
}

bool has_wide_counting() {
    return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512vpopcntdq") != 0;
}

}  // namespace

uint64_t count_set_bits(std::string_view bytes) {
    uint64_t counted = 0;
    if (bytes.size() >= kBlockBytes && has_wide_counting()) {
        const size_t blocks = bytes.size() / kBlockBytes;
        counted = count_blocks(bytes.data(), blocks);
        bytes.remove_prefix(blocks * kBlockBytes);
    }
    const size_t vectors = bytes.size() / kVectorBytes;
    if (vectors == 0 || !__builtin_cpu_supports("avx2")) {
        return counted + count_set_bits_portably(bytes);
    }
    return counted + count_vectors(bytes.data(), vectors) +
           count_set_bits_portably(bytes.substr(vectors * kVectorBytes));
}

#else

uint64_t count_set_bits(std::string_view bytes) {
    return count_set_bits_portably(bytes);
}

#endif

}  // namespace millrace
