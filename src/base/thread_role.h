// SPDX-License-Identifier: BSD-3-Clause
//
// The two thread roles, as Clang capabilities. A function is ON_MAIN_THREAD, ON_IO_SIDE, or
// unannotated, and then it touches only its arguments. CI builds with clang and -Wthread-safety as
// errors.
//
// Calls through function pointers are not checked by the compiler, and a lambda starts with no
// role: the first line of a callback is `main_thread.assert_current();`.
//
// The main thread runs the I/O stages itself when no I/O thread is active; it then takes the
// io_side role with RoleScope.
//
// Threads: any; the roles are constants.
#pragma once

#include "base/assert.h"

#if defined(__clang__)
#define MILLRACE_TSA(x) __attribute__((x))
#else
#define MILLRACE_TSA(x)
#endif

#define CAPABILITY(x) MILLRACE_TSA(capability(x))
#define SCOPED_CAPABILITY MILLRACE_TSA(scoped_lockable)
#define GUARDED_BY(x) MILLRACE_TSA(guarded_by(x))
#define REQUIRES_ROLE(...) MILLRACE_TSA(requires_capability(__VA_ARGS__))
#define ACQUIRE_ROLE(...) MILLRACE_TSA(acquire_capability(__VA_ARGS__))
#define RELEASE_ROLE(...) MILLRACE_TSA(release_capability(__VA_ARGS__))
#define ASSERT_ROLE(x) MILLRACE_TSA(assert_capability(x))

namespace millrace {

class CAPABILITY("role") ThreadRole {
public:
    // Tells the compiler that the calling thread plays this role; callbacks begin with it.
    void assert_current() const ASSERT_ROLE(this) {}
};

inline constexpr ThreadRole main_thread;
inline constexpr ThreadRole io_side;

// Plays `role` until the end of the block.
class SCOPED_CAPABILITY RoleScope {
public:
    explicit RoleScope(const ThreadRole& role) ACQUIRE_ROLE(role) { (void)role; }
    ~RoleScope() RELEASE_ROLE() {}
    RoleScope(const RoleScope&) = delete;
    RoleScope& operator=(const RoleScope&) = delete;
};

}  // namespace millrace

#define ON_MAIN_THREAD REQUIRES_ROLE(::millrace::main_thread)
#define ON_IO_SIDE REQUIRES_ROLE(::millrace::io_side)
