// SPDX-License-Identifier: BSD-3-Clause
#include "base/result.h"

#include <cstring>

namespace millrace {

Error system_error(std::string_view what, int code) {
    char reason[128];
    std::string text(what);
    text += ": ";
    text += strerror_r(code, reason, sizeof reason);
    return Error(std::move(text), code);
}

}  // namespace millrace
