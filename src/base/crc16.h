// SPDX-License-Identifier: BSD-3-Clause
//
// CRC16 in the variant XMODEM, and the cluster slot of a key that follows from it.
//
// Threads: any.
#pragma once

#include <cstdint>
#include <string_view>

namespace millrace {

inline constexpr uint16_t kSlotCount = 16384;

// Polynomial 0x1021, start value 0, no reflection.
uint16_t crc16(std::string_view bytes);

// The part of `key` that chooses its slot: what stands between the first '{' and the next '}', or
// all of the key if there is no such part or it is empty.
std::string_view hash_tag(std::string_view key);

// Below kSlotCount.
inline uint16_t key_slot(std::string_view key) {
    return crc16(hash_tag(key)) % kSlotCount;
}

}  // namespace millrace
