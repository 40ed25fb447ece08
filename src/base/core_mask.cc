// SPDX-License-Identifier: BSD-3-Clause
#include "base/core_mask.h"

namespace millrace {

CoreMask::CoreMask() : known_(::sched_getaffinity(0, sizeof set_, &set_) == 0) {}

void CoreMask::apply() const {
    if (known_) (void)::sched_setaffinity(0, sizeof set_, &set_);
}

bool CoreMask::apply_without(int core) const {
    if (!known_) return false;
    cpu_set_t rest = set_;
    if (core >= 0 && core < CPU_SETSIZE) CPU_CLR(static_cast<size_t>(core), &rest);
    return CPU_COUNT(&rest) > 0 && ::sched_setaffinity(0, sizeof rest, &rest) == 0;
}

}  // namespace millrace
