// SPDX-License-Identifier: BSD-3-Clause
#include "engine/client_limit.h"

#include <algorithm>
#include <vector>

#include "base/cycle_clock.h"
#include "base/log.h"
#include "engine/client_memory.h"
#include "engine/engine.h"

namespace millrace::engine {
namespace {

constexpr uint64_t kWalkShare = 100;  // One part in so many of the time goes into walking.
constexpr uint64_t kWalkCyclesMin = 2000;
constexpr double kLimitMax = 1e18;  // More than there is, and an integer can hold it.

uint64_t limit_of(int64_t setting, uint64_t maxmemory) {
    if (setting == 0) return 0;
    uint64_t limit = static_cast<uint64_t>(setting);
    if (setting < 0) {
        if (maxmemory == 0) return 0;
        const double share =
            static_cast<double>(maxmemory) * static_cast<double>(-setting) / 100;
        limit = static_cast<uint64_t>(std::min(share, kLimitMax));
    }
    return std::max(limit, ClientLimit::kLimitMin);
}

bool is_counted(const Session& session) {
    return !session.no_evict && !session.is(kClosing);
}

}  // namespace

void ClientLimit::configure(int64_t limit, uint64_t maxmemory) {
    limit_ = limit_of(limit, maxmemory);
    next_walk_ = 0;
    engine_.set_condition(kClientsLimited, active());
    if (active()) return;
    engine_.sessions().for_each([this](Session& session) { forget(session); });
}

void ClientLimit::note(Session& session, uint64_t more_bytes) {
    uint64_t bytes = 0;
    if (is_counted(session)) bytes = client_memory(session, summarise(session)).total + more_bytes;
    total_ += bytes - session.counted_bytes;
    session.counted_bytes = bytes;
}

void ClientLimit::forget(Session& session) {
    total_ -= session.counted_bytes;
    session.counted_bytes = 0;
    const auto closed = closing_.find(&session);
    if (closed == closing_.end()) return;
    closing_bytes_ -= closed->second;
    closing_.erase(closed);
}

void ClientLimit::admit(Session& session, uint64_t command_bytes) {
    walk_if_due();
    note(session, command_bytes);
    enforce();
}

void ClientLimit::walk_if_due() {
    const uint64_t begin = CycleClock::now();
    if (begin < next_walk_) return;
    engine_.sessions().for_each([this](Session& session) { note(session); });
    const uint64_t end = CycleClock::now();
    next_walk_ = end + std::max(end - begin, kWalkCyclesMin) * kWalkShare;
}

void ClientLimit::end_turn() {
    walk_if_due();
    enforce();
}

void ClientLimit::close_largest() {
    std::vector<Session*> by_size;
    engine_.sessions().for_each([&](Session& session) {
        if (session.counted_bytes > 0) by_size.push_back(&session);
    });
    std::sort(by_size.begin(), by_size.end(), [](const Session* left, const Session* right) {
        return left->counted_bytes > right->counted_bytes;
    });
    for (Session* session : by_size) {
        if (total_ <= limit_) return;
        log_notice("Closing client id={} addr={}: clients use more than maxmemory-clients",
                   session->id(), session->peer.address);
        const uint64_t bytes = session->counted_bytes;
        forget(*session);
        closing_.emplace(session, bytes);
        closing_bytes_ += bytes;
        ++engine_.server().net.clients_evicted;
        engine_.clients().close(*session, CloseMode::Now);
    }
}

}  // namespace millrace::engine
