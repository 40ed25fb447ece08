// SPDX-License-Identifier: BSD-3-Clause
#include "engine/client_memory.h"

#include <algorithm>

namespace millrace::engine {
namespace {
constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr uint64_t kOutputBytesUsual = 1024;
}

SessionSummary summarise(const Session& session) {
    SessionSummary summary;
    for (const auto* extension :
         {&session.blocked, &session.transaction, &session.subscriptions, &session.tracking}) {
        if (*extension != nullptr) (*extension)->describe(summary);
    }
    return summary;
}

uint64_t output_held(const Session& session) {
    const uint64_t written = session.traffic->bytes_written.load(kRelaxed);
    return session.produced_bytes - std::min(written, session.produced_bytes);
}

ClientMemory client_memory(const Session& session, const SessionSummary& summary) {
    const Traffic& traffic = *session.traffic;
    ClientMemory memory;
    memory.arguments = traffic.argument_bytes.load(kRelaxed);
    memory.input_used = traffic.input_bytes.load(kRelaxed);
    const uint64_t input_room = traffic.input_capacity.load(kRelaxed);
    memory.input_free = input_room - std::min(memory.input_used, input_room);
    memory.output_buffer = traffic.output_capacity.load(kRelaxed);
    memory.output_waiting = traffic.output_bytes.load(kRelaxed);

    uint64_t deferred = 0;
    for (const OwnedRequest& each : session.deferred) {
        deferred += sizeof each + each.request.wire_bytes;
    }
    // The buffer that an idle client keeps is not worth counting.
    const uint64_t room = memory.output_buffer > kOutputBytesUsual ? memory.output_buffer : 0;
    memory.total = sizeof(Session) + sizeof(Traffic) + session.name.capacity() +
                   session.library_name.capacity() + session.library_version.capacity() +
                   memory.arguments + std::max(memory.input_used, input_room) +
                   std::max(room, output_held(session)) + deferred +
                   summary.queued_bytes + summary.memory_bytes;
    return memory;
}

}  // namespace millrace::engine
