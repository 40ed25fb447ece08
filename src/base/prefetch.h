// SPDX-License-Identifier: BSD-3-Clause
//
// Asks for a cache line before it is needed.
//
// The compiler counts __builtin_prefetch() as no effect at all: gcc 12 takes a function that does
// nothing else for pure, and removes calls to it. An empty volatile statement beside it keeps them,
// and costs nothing.
//
// Threads: any.
#pragma once

namespace millrace {

[[gnu::always_inline]] inline void prefetch(const void* address) {
    __builtin_prefetch(address);
    asm volatile("");
}

// For a line that will be written.
[[gnu::always_inline]] inline void prefetch_to_write(const void* address) {
    __builtin_prefetch(address, 1);
    asm volatile("");
}

}  // namespace millrace
