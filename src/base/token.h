// SPDX-License-Identifier: BSD-3-Clause
//
// Words of clients the way Valkey looks at many of them: as C strings, which a zero byte ends.
//
// Threads: any.
#pragma once

#include <string_view>

#include "base/bytes.h"

namespace millrace {

// Compat: in tokens, ids, bounds and names that errors mention, a zero byte ends what is looked at.
constexpr std::string_view until_zero(std::string_view argument) {
    return argument.substr(0, argument.find('\0'));
}

// Whether an argument is a token of the syntax, in any case.
constexpr bool is_token(std::string_view argument, std::string_view token) {
    if (argument.size() < token.size()) return false;
    if (argument.size() > token.size() && argument[token.size()] != '\0') return false;
    return equals_ignore_case(argument.substr(0, token.size()), token);
}

}  // namespace millrace
