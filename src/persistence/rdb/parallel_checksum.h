// SPDX-License-Identifier: BSD-3-Clause
//
// The checksum of a large file, on a thread of its own beside whoever reads the file.
//
// Owner:   DatasetReader.
// Threads: the owner's; the sum is made on the other one, which ends with the object.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>
#include <thread>

namespace millrace::persistence::rdb {

class ParallelChecksum {
public:
    // Of all of `bytes`, which outlive it.
    explicit ParallelChecksum(std::string_view bytes);
    ~ParallelChecksum();
    ParallelChecksum(const ParallelChecksum&) = delete;
    ParallelChecksum& operator=(const ParallelChecksum&) = delete;

    // Waits for the sum; to be called once.
    uint64_t take();

private:
    void run();

    const std::string_view bytes_;
    std::atomic<bool> stopping_{false};
    uint64_t sum_ = 0;
    std::thread thread_;
};

}  // namespace millrace::persistence::rdb
