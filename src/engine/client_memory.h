// SPDX-License-Identifier: BSD-3-Clause
//
// What one client costs.
//
// Threads: main thread. What its I/O side holds is read from Session::traffic, and may be a moment
// old.
#pragma once

#include <cstdint>

#include "engine/session.h"

namespace millrace::engine {

// What the session's extensions tell, together.
SessionSummary summarise(const Session& session);

struct ClientMemory {
    uint64_t arguments = 0;
    uint64_t input_used = 0;
    uint64_t input_free = 0;
    uint64_t output_buffer = 0;   // Room for output, used or not.
    uint64_t output_waiting = 0;  // Encoded, not sent.
    uint64_t total = 0;
};
ClientMemory client_memory(const Session& session, const SessionSummary& summary);

// Bytes of replies and pushes that were made for it and not sent, wherever they are now.
uint64_t output_held(const Session& session);

}  // namespace millrace::engine
