// SPDX-License-Identifier: BSD-3-Clause
#include "admin/debug/subcommands.h"

#include <cstdlib>
#include <string>

#include "base/token.h"

namespace millrace::admin::debug {

bool is_on(std::string_view word) {
    return std::strtol(std::string(word).c_str(), nullptr, 10) != 0;
}

Error unknown_subcommand(std::string_view name) {
    constexpr size_t kQuotedMax = 128;
    std::string text = "ERR unknown subcommand or wrong number of arguments for '";
    text += until_zero(name).substr(0, kQuotedMax);
    return Error(text + "'. Try DEBUG HELP.");
}

}  // namespace millrace::admin::debug
