// SPDX-License-Identifier: BSD-3-Clause
//
// SHA-1, for names of things (scripts, datasets), not for secrets.
//
// Threads: any.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace millrace {

using Sha1Digest = std::array<unsigned char, 20>;

Sha1Digest sha1(std::string_view bytes);

// 40 hexadecimal digits, in lower case.
std::string hexadecimal(const Sha1Digest& digest);

}  // namespace millrace
