// SPDX-License-Identifier: BSD-3-Clause
#include "config/checks.h"

#include <fmt/format.h>

namespace millrace::config {

Validate<std::string> not_empty(std::string_view name) {
    return [name = std::string(name)](const std::string& value) -> Status {
        if (value.empty()) return Error(fmt::format("{} can't be empty", name));
        return done();
    };
}

Validate<std::string> not_a_path(std::string_view name, std::string_view kind) {
    return
        [name = std::string(name), kind = std::string(kind)](const std::string& value) -> Status {
            if (value.empty()) return Error(fmt::format("{} can't be empty", name));
            // A backslash separates folders on other systems, whose files may be copied here.
            if (value.find_first_of("/\\") != std::string::npos) {
                return Error(fmt::format("{} can't be a path, just a {}", name, kind));
            }
            return done();
        };
}

}  // namespace millrace::config
