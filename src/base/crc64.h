// SPDX-License-Identifier: BSD-3-Clause
//
// CRC64 as RDB files and DUMP have it: the polynomial of Jones, reflected, start value 0.
//
// Threads: any.
#pragma once

#include <cstdint>
#include <string_view>

namespace millrace {

// The sum of what `before` is the sum of, with `bytes` behind it. crc64(0, "") is 0.
uint64_t crc64(uint64_t before, std::string_view bytes);
// The same on any processor.
uint64_t crc64_portably(uint64_t before, std::string_view bytes);

}  // namespace millrace
