// SPDX-License-Identifier: BSD-3-Clause
//
// The settings that say on which cores a kind of thread runs: "0-3,8" or "0:2" or "1-7:2", numbers
// and ranges with an optional step.
//
// Threads: any.
#pragma once

#include <sched.h>

#include <optional>
#include <string_view>
#include <vector>

namespace millrace::threads {

// The cores that `list` names; nothing if it is not a list.
std::optional<std::vector<int>> parse_cpu_list(std::string_view list);

// Keeps the calling thread on these cores; false if that cannot be.
bool stay_on(std::string_view list);

// The cores that the calling thread may use, to give another thread the same later on, whatever has
// become of its parent meanwhile.
class CoreMask {
public:
    CoreMask();
    void apply() const;
    // The same, but leaves out one core if there are others.
    void apply_without(int core) const;

private:
    cpu_set_t set_;
    bool known_;
};

}  // namespace millrace::threads
