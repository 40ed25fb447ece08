// SPDX-License-Identifier: BSD-3-Clause
//
// Bits of strings, numbered as Valkey does: bit 0 is the highest of byte 0.
//
// Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "engine/call.h"

namespace millrace::commands::support {

// Bits [begin, end).
uint64_t count_bits(std::string_view bytes, uint64_t begin, uint64_t end);

inline bool bit_at(std::string_view bytes, uint64_t at) {
    const auto byte = static_cast<size_t>(at >> 3);
    return byte < bytes.size() && ((static_cast<uint8_t>(bytes[byte]) >> (7 - (at & 7))) & 1) != 0;
}

// The first bit of [begin, end) that is `wanted`; `end` if there is none.
uint64_t find_bit(std::string_view bytes, uint64_t begin, uint64_t end, bool wanted);

// The bit offset at argument `at`. With a field's `width`, "#3" means three fields on.
Result<uint64_t> bit_offset(const engine::Call& call, size_t at, uint64_t width = 0);

}  // namespace millrace::commands::support
