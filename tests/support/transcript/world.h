// SPDX-License-Identifier: BSD-3-Clause
//
// The engine that InProcess runs, with everything around it that a server would provide.
//
// Owner:   InProcess; one a transcript.
// Threads: one, which plays the main thread and all I/O sides.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"
#include "observe/server_state.h"
#include "pipeline/batch.h"
#include "pipeline/resolve.h"
#include "protocol/reply_parser.h"
#include "server/all_settings.h"
#include "structures/slab_pool.h"
#include "target.h"

namespace millrace::transcript {

class FixedTime final : public engine::TimeSource {
public:
    int64_t wall_microseconds() const override { return now_us_; }
    int64_t monotonic_nanoseconds() const override { return now_us_ * 1000; }
    void advance_ms(int64_t milliseconds) { now_us_ += milliseconds * 1000; }

private:
    int64_t now_us_ = 1'700'000'000'000'000;
};

class FixedEntropy final : public engine::EntropySource {
public:
    uint64_t next() override;

private:
    uint64_t state_ = 1;
};

class World final : public engine::ClientControl,
                    public engine::ProcessControl,
                    public engine::EffectSink,
                    public engine::KeyEventListener {
public:
    World();
    ~World() override;

    Answer send(const std::string& client, const Words& words);
    Answer read(const std::string& client);
    void set_protocol(int version);
    Status configure(const std::string& name, const std::string& value);
    void advance(int64_t milliseconds);
    int64_t now_ms() const { return time_.wall_microseconds() / 1000; }
    engine::Engine& engine() { return engine_; }
    structures::SlabHeapPool& heaps() { return heaps_; }

    std::vector<std::string> events;
    std::vector<std::string> effects;
    uint32_t event_classes = 0;

private:
    struct Client {
        engine::Session* session = nullptr;
        std::string bytes;  // What it has not read yet.
        bool closed = false;
    };

    void close(engine::Session& session, engine::CloseMode mode) override;
    engine::ReplyLog& log_for(engine::Session& session) override;
    void rules_changed(engine::Session& session) override;
    Status shutdown(const engine::ShutdownRequest& request) override;
    Status abort_shutdown() override;
    Status crash(std::string_view what) override;
    void on_unit(std::span<const engine::Effect> effects) override;
    void on_key_event(engine::EventClass event_class, std::string_view event, std::string_view key,
                      int db) override;

    void apply_settings();
    Client& client(const std::string& name);
    void run(Client& client, const Words& words);
    void deliver(const engine::ReplyLog& log);
    void end_turn();

    server::AllSettings settings_;
    config::Registry config_;
    FixedTime time_;
    FixedEntropy entropy_;
    observe::ServerState state_;
    observe::CommandLog command_log_;
    observe::LatencyMonitor latency_;
    observe::InfoRegistry info_;
    structures::SlabHeapPool heaps_;
    structures::SlabHeap& io_heap_;
    engine::CommandRegistry commands_;
    keyspace::Keyspace keyspace_;
    keyspace::EntryBuilder io_builder_;
    engine::Engine engine_;
    pipeline::Resolver resolver_;
    pipeline::Batch batch_;
    std::map<std::string, Client> clients_;
    int protocol_ = 2;
    uint64_t turn_ = 1;
};

}  // namespace millrace::transcript
