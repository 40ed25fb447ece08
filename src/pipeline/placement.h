// SPDX-License-Identifier: BSD-3-Clause
//
// Which I/O side serves which client, and the way of a connection from one side to another (rule
// R3):
//
//     main: Freeze ─► side: reads no more; when nothing is in flight ─► Frozen
//     main: Detach ─► side: gives the connection object up          ─► Detached
//     main: Adopt  ─► new side
//
// Between Detach and Adopt nobody could carry a record, so what is said to the client meanwhile
// waits in `transit`. A client whose connection ends meanwhile keeps its place until the connection
// has come.
//
// Owner:   the pipeline. Threads: main thread.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/reply_log.h"
#include "pipeline/batch.h"
#include "pipeline/io_side.h"

namespace millrace::pipeline {

enum class MovePhase : uint8_t { Settled, Freezing, Detaching };

struct Placement {
    SideNumber side = 0;
    SideNumber target = 0;
    MovePhase phase = MovePhase::Settled;
    bool present = false;
    bool has_left = false;  // While Detaching.
    std::unique_ptr<engine::ReplyLog> transit;
};

class Placements {
public:
    explicit Placements(size_t sides) : clients_(sides, 0) {}

    void place(engine::ClientSlot slot, SideNumber side);
    void forget(engine::ClientSlot slot);
    Placement& at(engine::ClientSlot slot) { return placements_[slot]; }
    size_t slots() const { return placements_.size(); }
    // Clients of a side, those on their way to it included.
    size_t clients(SideNumber side) const { return clients_[side]; }
    void settle(engine::ClientSlot slot);
    // Clients whose connection is at an I/O thread now.
    size_t at_threads() const { return at_threads_; }

    // The side among 1..active (or 0 if none is) with the fewest clients.
    SideNumber least_loaded(SideNumber active) const;

    // Starts moving: true if the client stands elsewhere and is not on its way.
    bool begin_move(engine::ClientSlot slot, SideNumber target);

private:
    std::vector<Placement> placements_;
    std::vector<size_t> clients_;
    size_t at_threads_ = 0;
};

}  // namespace millrace::pipeline
