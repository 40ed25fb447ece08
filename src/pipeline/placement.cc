// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/placement.h"

namespace millrace::pipeline {

using engine::ClientSlot;

void Placements::place(ClientSlot slot, SideNumber side) {
    if (slot >= placements_.size()) placements_.resize(slot + size_t{1});
    Placement& placement = placements_[slot];
    CHECK(!placement.present);
    placement.side = side;
    placement.target = side;
    placement.phase = MovePhase::Settled;
    placement.present = true;
    ++clients_[side];
    at_threads_ += side != 0;
}

void Placements::forget(ClientSlot slot) {
    Placement& placement = placements_[slot];
    CHECK(placement.present);
    --clients_[placement.target];
    at_threads_ -= placement.side != 0;
    placement = {};
}

void Placements::settle(ClientSlot slot) {
    Placement& placement = placements_[slot];
    at_threads_ -= placement.side != 0;
    placement.side = placement.target;
    at_threads_ += placement.side != 0;
    placement.phase = MovePhase::Settled;
    placement.transit.reset();
}

SideNumber Placements::least_loaded(SideNumber active) const {
    if (active == 0) return 0;
    SideNumber best = 1;
    for (SideNumber side = 2; side <= active; ++side) {
        if (clients_[side] < clients_[best]) best = side;
    }
    return best;
}

bool Placements::begin_move(ClientSlot slot, SideNumber target) {
    Placement& placement = placements_[slot];
    if (!placement.present || placement.phase != MovePhase::Settled || placement.side == target)
        return false;
    --clients_[placement.target];
    ++clients_[target];
    placement.target = target;
    placement.phase = MovePhase::Freezing;
    return true;
}

}  // namespace millrace::pipeline
