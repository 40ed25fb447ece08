// SPDX-License-Identifier: BSD-3-Clause
//
// Chunks whose memory is there already. The first touch of a huge page has the system find and
// clear 2 MiB of memory, which takes a fraction of a millisecond, and several where memory is in
// pieces, or where the machine is a guest whose host looks for memory too. So while data grows a
// thread touches chunks ahead of those who need them.
//
// The thread keeps away from the core of who has asked; on a single core it runs when there is
// nothing better to do. So it may come late, and may stand still at any point: it holds no lock
// that others need, and does not change the mapping that it is touching: its own chunks have huge
// pages, those of others small ones, unless touches_are_quick() says that touching a huge page does
// not take long. The thread starts with the first wish, and gives back what nobody has taken for
// kIdle.
//
// One chunk is kept ready, kChunks when one is wanted within kFastGrowth of the one before.
//
// Owner:   SlabRegion.
// Threads: any.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <thread>

#include "base/core_mask.h"
#include "base/parking.h"

namespace millrace::structures {

struct SlabChunk;
class SlabRegion;

class ChunkReserve {
public:
    static constexpr size_t kChunks = 4;
    static constexpr std::chrono::milliseconds kFastGrowth{50};
    static constexpr std::chrono::milliseconds kIdle{500};

    explicit ChunkReserve(SlabRegion& region) : region_(region) {}
    ~ChunkReserve() { stop(); }
    ChunkReserve(const ChunkReserve&) = delete;
    ChunkReserve& operator=(const ChunkReserve&) = delete;

    // A chunk that is open and touched, null if none is ready; asks for more to come. Never waits.
    SlabChunk* take();
    // Puts memory behind an open chunk at once.
    void touch(const SlabChunk* chunk);
    // Whether each of the last kQuickTouches times took at most kQuickTouch of the processor.
    bool touches_are_quick() const {
        return quick_touches_.load(std::memory_order_relaxed) >= kQuickTouches;
    }
    // Closes what is ready.
    void drop();

    size_t ready() const;

    // For good, before the region goes; what is ready goes with it.
    void stop();

private:
    static constexpr uint32_t kQuickTouches = 16;
    static constexpr std::chrono::microseconds kQuickTouch{500};

    // Holds nothing, a chunk that has only its addresses yet, or one that is ready. Who asks fills
    // it, the thread makes it ready, whoever needs one empties it.
    class Place {
    public:
        bool empty() const { return word_.load(std::memory_order_relaxed) == 0; }
        bool ready() const { return (word_.load(std::memory_order_acquire) & kReady) != 0; }
        bool ask(SlabChunk* chunk);
        SlabChunk* asked() const;
        void make_ready(SlabChunk* chunk);
        SlabChunk* take();

    private:
        static constexpr uintptr_t kReady = 1;
        std::atomic<uintptr_t> word_{0};
    };

    void run();
    void step_aside();
    bool touch_next();

    SlabRegion& region_;
    std::array<Place, kChunks> places_;
    std::atomic<uint32_t> quick_touches_{0};  // One after the other.
    const CoreMask cores_;  // Of the process; the main thread may be pinned since.
    std::atomic<int> asker_core_{-1};
    int avoided_core_ = -1;  // The thread's own.
    std::atomic<int64_t> last_wish_ns_{0};
    std::atomic<bool> stopping_{false};
    std::once_flag started_;
    std::thread thread_;
    Parking parking_;
};

}  // namespace millrace::structures
