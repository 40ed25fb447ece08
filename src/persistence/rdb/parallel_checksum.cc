// SPDX-License-Identifier: BSD-3-Clause
#include "persistence/rdb/parallel_checksum.h"

#include "base/crc64.h"

namespace millrace::persistence::rdb {

ParallelChecksum::ParallelChecksum(std::string_view bytes)
    : bytes_(bytes), thread_([this] { run(); }) {}

ParallelChecksum::~ParallelChecksum() {
    stopping_.store(true, std::memory_order_relaxed);
    if (thread_.joinable()) thread_.join();
}

void ParallelChecksum::run() {
    constexpr size_t kPiece = size_t{1} << 20;
    for (size_t at = 0; at < bytes_.size(); at += kPiece) {
        if (stopping_.load(std::memory_order_relaxed)) return;
        sum_ = crc64(sum_, bytes_.substr(at, kPiece));
    }
}

uint64_t ParallelChecksum::take() {
    thread_.join();
    return sum_;
}

}  // namespace millrace::persistence::rdb
