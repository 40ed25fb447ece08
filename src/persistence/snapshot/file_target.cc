// SPDX-License-Identifier: BSD-3-Clause
#include "persistence/snapshot/file_target.h"

#include <unistd.h>

namespace millrace::persistence::snapshot {

Status FileTarget::open() {
    return sink_.open(static_cast<int>(::gettid()));
}

}  // namespace millrace::persistence::snapshot
