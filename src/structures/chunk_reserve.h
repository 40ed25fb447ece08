// SPDX-License-Identifier: BSD-3-Clause
//
// A chunk whose memory is there already. The first touch of a huge page has the system find
// and clear 2 MiB of memory, which takes a fraction of a millisecond, and several where the machine
// is a guest whose host looks for memory too. So while data grows a thread touches chunks ahead of
// those who need them.
//
// The thread starts with the first wish, and gives back what nobody has taken for kIdle.
//
// Owner:   SlabRegion.
// Threads: any.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <thread>
#include <vector>

namespace millrace::structures {

struct SlabChunk;
class SlabRegion;

class ChunkReserve {
public:
    static constexpr size_t kChunks = 1;
    static constexpr std::chrono::seconds kIdle{2};

    explicit ChunkReserve(SlabRegion& region) : region_(region) {}
    ~ChunkReserve() { stop(); }
    ChunkReserve(const ChunkReserve&) = delete;
    ChunkReserve& operator=(const ChunkReserve&) = delete;

    // A chunk that is open and touched, null if none is ready; asks for more to come.
    SlabChunk* take();
    // Closes what is ready.
    void drop();

    size_t ready() const;

    // For good, before the region goes; what is ready goes with it.
    void stop();

private:
    void run();

    SlabRegion& region_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<SlabChunk*> ready_;  // Under mutex_, as are the next three.
    bool wanted_ = false;            // Since take(), until there is nobody for a while.
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace millrace::structures
