// SPDX-License-Identifier: BSD-3-Clause
//
// What the main thread does with a batch: a software pipeline of look-ups. The bucket of the request eight places ahead
// and the entry of the one four places ahead are fetched while the current one is executed, so that the waits for memory
// overlap. Distances: docs/decisions/0001-measured-first.md.
#include <utility>

#include "base/cycle_clock.h"
#include "pipeline/pipeline.h"

namespace millrace::pipeline {

using engine::Request;
using engine::RequestKind;
using engine::Session;

namespace {
constexpr size_t kBucketDistance = 8;
constexpr size_t kEntryDistance = 4;
}  // namespace

void Pipeline::prefetch_bucket(const Request& request) {
    if (request.command == nullptr || request.command->first_key() == 0) return;
    const Session* session = engine_.sessions().find(request.client, request.client_generation);
    if (session != nullptr) engine_.keyspace().database(session->database).prefetch_bucket(request.key_hash);
}

void Pipeline::prefetch_entry(const Request& request) {
    if (request.command == nullptr || request.command->first_key() == 0) return;
    const Session* session = engine_.sessions().find(request.client, request.client_generation);
    if (session != nullptr) engine_.keyspace().database(session->database).prefetch_entry(request.key_hash);
}

void Pipeline::execute(Batch& batch, SideNumber side) {
    flush_outbox(side);
    executing_ = &batch;
    executing_side_ = side;
    engine_.begin_batch();
    const std::span<Request> requests = batch.requests();
    const size_t count = requests.size();
    for (size_t i = 0; i < std::min(kBucketDistance, count); ++i) prefetch_bucket(requests[i]);
    for (size_t i = 0; i < std::min(kEntryDistance, count); ++i) prefetch_entry(requests[i]);
    for (size_t i = 0; i < count; ++i) {
        if (i + kBucketDistance < count) prefetch_bucket(requests[i + kBucketDistance]);
        if (i + kEntryDistance < count) prefetch_entry(requests[i + kEntryDistance]);
        run_request(requests[i], batch, side);
    }
    if (count > 1) {
        ++state_.loop.prefetch_batches;
        state_.loop.prefetch_entries += count;
    }
    executing_ = nullptr;
}

void Pipeline::run_request(Request& request, Batch& batch, SideNumber) {
    switch (request.kind) {
        case RequestKind::Command: execute_command(request, batch); return;
        case RequestKind::InputLimit: ++state_.net.closed_for_input_limit; [[fallthrough]];
        case RequestKind::ProtocolError: execute_command(request, batch); return;
        case RequestKind::Disconnected:
            if (Session* session = engine_.sessions().find(request.client, request.client_generation)) {
                drop(*session, batch.replies());
            }
            return;
        case RequestKind::Frozen: frozen(request, batch.replies()); return;
        case RequestKind::Detached: detached(request); return;
        case RequestKind::Unpinned: engine_.keyspace().unpin(request.entry()); return;
    }
}

void Pipeline::execute_command(Request& request, Batch& batch) {
    Session* session = engine_.sessions().find(request.client, request.client_generation);
    if (session == nullptr) {
        engine_.return_prebuilt(request);
        return;
    }
    const bool barrier = session->is(engine::kUnauthenticated) ||
                         (request.command != nullptr && request.command->has(engine::kBarrier));
    engine_.execute(*session, request, batch.replies());
    if (barrier) rules_changed(*session);
}

// --- results ---

void Pipeline::publish(std::unique_ptr<Batch> batch, SideNumber side) {
    Ledger& ledger = ledgers_[side];
    ledger.turns.push_back(turn_);
    if (side == 0) {
        const RoleScope role(io_side);
        side_zero_.complete(std::move(batch));
    } else {
        threads_[side - 1u]->deliver(std::move(batch));
    }
}

Batch& Pipeline::outbox(SideNumber side) {
    if (outboxes_[side] == nullptr) outboxes_[side] = std::make_unique<Batch>();
    return *outboxes_[side];
}

void Pipeline::flush_outbox(SideNumber side) {
    if (outboxes_[side] != nullptr) publish(std::exchange(outboxes_[side], nullptr), side);
}

void Pipeline::flush_outboxes() {
    for (size_t side = 0; side <= threads_.size(); ++side) flush_outbox(static_cast<SideNumber>(side));
    const RoleScope role(io_side);
    side_zero_.write();
}

engine::ReplyLog& Pipeline::log_for(Session& session) {
    Placement& placement = placements_.at(session.slot());
    if (placement.phase == MovePhase::Detaching) {
        if (placement.transit == nullptr) placement.transit = std::make_unique<engine::ReplyLog>();
        return *placement.transit;
    }
    if (executing_ != nullptr && executing_side_ == placement.side) return executing_->replies();
    return outbox(placement.side).replies();
}

}  // namespace millrace::pipeline
