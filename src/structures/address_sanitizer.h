// SPDX-License-Identifier: BSD-3-Clause
//
// Whether this build has the address sanitizer, in the two ways that compilers tell.
//
// Threads: any; a constant.
#pragma once

#if defined(__SANITIZE_ADDRESS__)
#define MILLRACE_ADDRESS_SANITIZER true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MILLRACE_ADDRESS_SANITIZER true
#endif
#endif

namespace millrace::structures {

#ifdef MILLRACE_ADDRESS_SANITIZER
inline constexpr bool kAddressSanitizer = true;
#else
inline constexpr bool kAddressSanitizer = false;
#endif

}  // namespace millrace::structures
