// SPDX-License-Identifier: BSD-3-Clause
#include "threads/cores.h"

#include <sched.h>

#include <algorithm>
#include <fstream>
#include <string>

namespace millrace::threads {
namespace {

// Cores by quota of cgroup v2 ("max 100000" or "150000 100000") or v1; 0 when there is none.
int quota_cores() {
    std::string quota;
    double period = 0;
    std::ifstream unified("/sys/fs/cgroup/cpu.max");
    if (unified >> quota >> period) {
        if (quota == "max" || period <= 0) return 0;
        return static_cast<int>((std::stod(quota) + period - 1) / period);
    }
    std::ifstream old_quota("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
    std::ifstream old_period("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
    double limit = 0;
    if (old_quota >> limit && old_period >> period && limit > 0 && period > 0) {
        return static_cast<int>((limit + period - 1) / period);
    }
    return 0;
}

}  // namespace

int usable_cores() {
    cpu_set_t set;
    CPU_ZERO(&set);
    int cores = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    const int quota = quota_cores();
    if (quota > 0) cores = std::min(cores, quota);
    return std::max(cores, 1);
}

int usable_cores_at_start() {
    static const int cores = usable_cores();
    return cores;
}

}  // namespace millrace::threads
