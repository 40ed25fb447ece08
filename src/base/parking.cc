// SPDX-License-Identifier: BSD-3-Clause
#include "base/parking.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace millrace {
namespace {
void futex(std::atomic<uint32_t>& word, int operation, uint32_t value, const timespec* timeout) {
    syscall(SYS_futex, reinterpret_cast<uint32_t*>(&word), operation, value, timeout, nullptr, 0);
}
}  // namespace

void Parking::wait_while_parked(int64_t timeout_us) {
    if (timeout_us >= 0) {
        const timespec timeout{.tv_sec = timeout_us / 1000000,
                               .tv_nsec = timeout_us % 1000000 * 1000};
        futex(word_, FUTEX_WAIT_PRIVATE, kParked,
              &timeout);  // Waking early costs the caller one look around.
        return;
    }
    while (word_.load(std::memory_order_seq_cst) == kParked)
        futex(word_, FUTEX_WAIT_PRIVATE, kParked, nullptr);
}

bool Parking::wake_parked() {
    if (word_.exchange(kRunning, std::memory_order_seq_cst) != kParked) return false;
    futex(word_, FUTEX_WAKE_PRIVATE, 1, nullptr);
    return true;
}

}  // namespace millrace
