// SPDX-License-Identifier: BSD-3-Clause
//
// SHA-256: what is kept of passwords.
//
// Threads: any; touches only its argument.
#pragma once

#include <string>
#include <string_view>

namespace millrace {

// The digest of `bytes` as 64 digits, a to f in lower case.
std::string sha256_hexadecimal(std::string_view bytes);

}  // namespace millrace
