// SPDX-License-Identifier: BSD-3-Clause
//
// LZF, the compression of long strings in RDB files: literal runs and references to what came
// before, without any header.
//
//     000nnnnn                     n + 1 literal bytes follow
//     nnnooooo oooooooo            n + 2 bytes (n is 1 to 6) from offset o + 1 back
//     111ooooo nnnnnnnn oooooooo   n + 9 bytes from offset o + 1 back
//
// Source of the format: the description in liblzf's documentation.
//
// Threads: any.
// Limits:  lzf_decompress() never writes beyond what it is told to make, whatever the bytes are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace millrace {

// No compressed byte stands for more.
inline constexpr uint64_t kLzfRatioMax = 88;

// Compresses into `out` and returns the size; 0 if it does not fit.
size_t lzf_compress(std::string_view bytes, std::span<char> out);

// Fills `out` exactly; false if `bytes` are damaged or stand for another size.
bool lzf_decompress(std::string_view bytes, std::span<char> out);

}  // namespace millrace
