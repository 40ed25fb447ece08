// SPDX-License-Identifier: BSD-3-Clause
//
// CHECK and DCHECK: assertions for our own mistakes, never for bytes from a client, peer or disk.
//
// CHECK is always on and ends the process with a report; DCHECK runs in debug, sanitizer and fuzz
// builds. Split conditions: one fact per line.
//
// Threads: any.
#pragma once

namespace millrace {

// Receives the failed condition before the process aborts; the server installs one that writes a
// crash report.
using AssertionHandler = void (*)(const char* condition, const char* file, int line);
void set_assertion_handler(AssertionHandler handler);

[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);

}  // namespace millrace

#define CHECK(condition)                                                  \
    do {                                                                  \
        if (__builtin_expect(!(condition), 0))                            \
            ::millrace::assertion_failed(#condition, __FILE__, __LINE__); \
    } while (false)

#ifdef MILLRACE_DCHECK
#define DCHECK(condition) CHECK(condition)
#else
#define DCHECK(condition)             \
    do {                              \
        if (false) (void)(condition); \
    } while (false)
#endif
