// SPDX-License-Identifier: BSD-3-Clause
//
// What CLIENT TRACKING has set up for one session.
//
// Owner:   Session::tracking; absent while tracking is off.
// Threads: main thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/session.h"

namespace millrace::engine {

struct TrackingState final : SessionExtension {
    // Whether CLIENT CACHING has something to say about the next command.
    enum class Caching : uint8_t { Unsaid, Yes, No };

    bool broadcast = false;
    bool opt_in = false;
    bool opt_out = false;
    bool no_loop = false;
    bool redirect_broken = false;
    Caching caching = Caching::Unsaid;
    uint64_t redirect = 0;  // The client that gets the invalidations; 0: this one.
    std::vector<std::string> prefixes;

    void describe(SessionSummary& summary) const override {
        summary.tracking = true;
        summary.tracking_broadcasts = broadcast;
        summary.tracking_redirect_broken = redirect_broken;
        summary.tracking_redirect = static_cast<int64_t>(redirect);
        summary.tracking_prefixes = prefixes.size();
        summary.memory_bytes += sizeof *this;
        for (const std::string& prefix : prefixes) {
            summary.memory_bytes += sizeof prefix + prefix.capacity();
        }
    }
};

}  // namespace millrace::engine
