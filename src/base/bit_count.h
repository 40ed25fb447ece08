// SPDX-License-Identifier: BSD-3-Clause
//
// How many bits of some bytes are set, with the widest instructions that the processor has.
//
// Source: W. Muła, N. Kurz, D. Lemire, "Faster Population Counts Using AVX2 Instructions", 2016:
// the counts of half bytes come from a table in a register and are summed by bytes. Processors with
// AVX-512 VPOPCNTDQ count words by themselves, in less than half of that time.
//
// Threads: touches only its arguments.
#pragma once

#include <cstdint>
#include <string_view>

namespace millrace {

uint64_t count_set_bits(std::string_view bytes);

// The same without wide instructions; for the test, and for other processors.
uint64_t count_set_bits_portably(std::string_view bytes);

}  // namespace millrace
