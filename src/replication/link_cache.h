// SPDX-License-Identifier: BSD-3-Clause
//
// The connections of MIGRATE that are kept for the next one to the same server.
//
// Owner:   the engine, as its extension.
// Threads: main thread.
// Limits:  kLinksMax links, of which the one unused for longest makes room; one that has not been
//          used for kUnusedMsMax goes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "engine/engine.h"
#include "replication/blocking_link.h"

namespace millrace::replication {

struct KeptLink {
    BlockingLink link;
    int64_t database = -1;  // That is selected there; -1: nobody knows.
    int64_t used_ms = 0;
};

class LinkCache final : public engine::EngineExtension {
public:
    static constexpr size_t kLinksMax = 64;
    static constexpr int64_t kUnusedMsMax = 10000;

    explicit LinkCache(engine::Engine& engine) : engine_(engine) {}
    static LinkCache& of(engine::Engine& engine);
    // Closes those of `engine` that nobody has used for long; the cron calls it.
    static void close_unused(engine::Engine& engine);

    // The link that is kept, or a new one; valid until the next call.
    Result<KeptLink*> open(const std::string& host, const std::string& port, int64_t timeout_ms);
    void close(const std::string& host, const std::string& port);
    size_t size() const { return links_.size(); }

private:
    void make_room();
    void count();

    engine::Engine& engine_;
    std::map<std::string, KeptLink> links_;  // By "host:port".
};

}  // namespace millrace::replication
