// SPDX-License-Identifier: BSD-3-Clause
//
// Registers of six bits as dense sketches keep them: four in three bytes, the first in the lowest
// bits. Here they become a byte each and back, many at a time.
//
// Each function has a portable form, and one in wide vectors that takes its place where the
// processor has them. Tests compare the two.
//
// Threads: any; values.
#pragma once

#include <cstddef>
#include <cstdint>

namespace millrace::structures {

// `count` is a multiple of this everywhere.
inline constexpr size_t kRegistersAtOnce = 32;

// How many bytes `count` registers take.
constexpr size_t packed_register_bytes(size_t count) {
    return count / 4 * 3;
}

void unpack_registers(const char* packed, size_t count, uint8_t* registers);
// Each of `registers` becomes the higher of the two.
void merge_registers(const char* packed, size_t count, uint8_t* registers);
// Of registers below 64.
void pack_registers(const uint8_t* registers, size_t count, char* packed);

void unpack_registers_portably(const char* packed, size_t count, uint8_t* registers);
void merge_registers_portably(const char* packed, size_t count, uint8_t* registers);
void pack_registers_portably(const uint8_t* registers, size_t count, char* packed);

}  // namespace millrace::structures
