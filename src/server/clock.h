// SPDX-License-Identifier: BSD-3-Clause
//
// The clock and the entropy of the machine we run on; tests and simulations bring their own.
//
// Threads: any.
#pragma once

#include <cstdint>

#include "engine/services.h"

namespace millrace::server {

class SystemTime final : public engine::TimeSource {
public:
    int64_t wall_microseconds() const override;
    int64_t monotonic_nanoseconds() const override;
};

// A generator seeded once from the system. Main thread only.
class SystemEntropy final : public engine::EntropySource {
public:
    SystemEntropy();
    uint64_t next() override;

private:
    uint64_t state_;
};

}  // namespace millrace::server
