// SPDX-License-Identifier: BSD-3-Clause
#include "commands/support/values.h"

namespace millrace::commands::support {

Error wrong_arity(const engine::Call& call) {
    return Error("ERR wrong number of arguments for '" + call.command().full_name() + "' command");
}

}  // namespace millrace::commands::support
