// SPDX-License-Identifier: BSD-3-Clause
//
// The first line of a script or library, "#!lua name=value ...".
//
// Threads: any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace millrace::scripting {

struct Shebang {
    uint32_t flags = 0;     // ScriptFlag.
    std::string_view code;  // With an empty first line, so that lines keep their numbers.
};
// Of a script; one without such a line is all code.
Result<Shebang> parse_shebang(std::string_view body);

struct LibraryShebang {
    std::string name;
    std::string_view code;
};
Result<LibraryShebang> parse_library_shebang(std::string_view body);

}  // namespace millrace::scripting
