// SPDX-License-Identifier: BSD-3-Clause
//
// Which cores threads may run on, for those that keep out of the way of others.
//
// Threads: any.
#pragma once

#include <sched.h>

namespace millrace {

// The cores that the calling thread may use, to give another thread the same later on, whatever has
// become of its parent meanwhile.
class CoreMask {
public:
    CoreMask();
    void apply() const;
    // The same, but leaves out one core. False if there is no other one, which changes nothing.
    bool apply_without(int core) const;

private:
    cpu_set_t set_;
    bool known_;
};

}  // namespace millrace
