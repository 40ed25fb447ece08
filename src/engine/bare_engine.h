// SPDX-License-Identifier: BSD-3-Clause
//
// An engine for unit tests, with what it needs to be there and nothing around it: no commands, no
// clients, and a time that stands still until the test moves it.
//
// Owner:   a test.
// Threads: one.
#pragma once

#include <cstdint>

#include "engine/command_registry.h"
#include "engine/engine.h"
#include "structures/slab_pool.h"

namespace millrace::engine {

class StandingTime final : public TimeSource {
public:
    int64_t wall_microseconds() const override { return now_us_; }
    int64_t monotonic_nanoseconds() const override { return now_us_ * 1000; }
    void pass(int64_t milliseconds) { now_us_ += milliseconds * 1000; }

private:
    int64_t now_us_ = 1'700'000'000'000'000;
};

class SameEntropy final : public EntropySource {
public:
    uint64_t next() override { return 4; }
};

struct BareEngine {
    BareEngine()
        : commands(std::span<const CommandTable* const>()),
          keyspace(2, SipKey{1, 2}, heaps),
          engine({.commands = commands,
                  .keyspace = keyspace,
                  .settings = settings,
                  .config = config,
                  .command_log = command_log,
                  .latency = latency,
                  .info = info,
                  .server = state,
                  .time = time,
                  .entropy = entropy}) {}

    structures::SlabHeapPool heaps;
    CommandRegistry commands;
    keyspace::Keyspace keyspace;
    Settings settings;
    config::Registry config;
    observe::CommandLog command_log;
    observe::LatencyMonitor latency;
    observe::InfoRegistry info;
    observe::ServerState state;
    StandingTime time;
    SameEntropy entropy;
    Engine engine;
};

}  // namespace millrace::engine
