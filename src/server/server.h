// SPDX-License-Identifier: BSD-3-Clause
//
// The composition root: builds, wires and owns everything.
//
// Owner:   main().
// Threads: main thread; request_stop() from a signal handler.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/thread_role.h"
#include "engine/engine.h"
#include "observe/server_state.h"
#include "persistence/aof/append_only_file.h"
#include "persistence/persistence.h"
#include "pipeline/pipeline.h"
#include "server/acceptor.h"
#include "server/all_settings.h"
#include "server/clock.h"
#include "server/cron.h"
#include "server/process_settings.h"
#include "server/startup.h"
#include "structures/slab_pool.h"

namespace millrace::server {

class Server final : private engine::ProcessControl {
public:
    // `settings` and `config` are filled; all but `plan` outlive the server.
    Server(AllSettings& settings, config::Registry& config, engine::CommandRegistry& commands,
           const StartPlan& plan, TitleArea& title);
    ~Server() override;

    // Listens and says so in the log.
    Status start();
    // Serves until a stop; the process's exit code.
    int run() ON_MAIN_THREAD;
    // Asks for a shutdown as SIGTERM or SIGINT does; a second SIGINT does not wait for the dataset
    // to be saved. Async-signal-safe.
    void request_stop(int signal);
    // The users, for CONFIG REWRITE; none if they have a file of their own.
    std::vector<std::string> user_lines();

private:
    void obey_signal();
    Status shutdown(const engine::ShutdownRequest& request) override;
    Status abort_shutdown() override;
    Status crash(std::string_view what) override;

    void wire_settings();
    void wire_process_settings();
    void apply_all_settings();
    void connect_libraries();
    persistence::aof::AppendOnlyFile::Parts append_only_parts();
    Status load();
    // Between the clients that are served while the dataset is loaded.
    void attend_loading();
    void describe(const StartPlan& plan);
    // The users of the configuration or of the ACL file.
    Status load_users();
    // Whether a shutdown is to write the dataset first.
    bool saves_at_end(const engine::ShutdownRequest& request) const;

    AllSettings& settings_;
    config::Registry& config_;
    SystemTime time_;
    SystemEntropy entropy_;
    observe::ServerState state_;
    observe::CommandLog command_log_;
    observe::LatencyMonitor latency_;
    observe::InfoRegistry info_;
    structures::SlabHeapPool heaps_;
    keyspace::Keyspace keyspace_;
    engine::Engine engine_;
    persistence::SystemDisk disk_;
    persistence::Persistence persistence_;
    pipeline::Pipeline pipeline_;
    persistence::aof::AppendOnlyFile append_only_file_;
    Acceptor acceptor_;
    Cron cron_;
    ProcessSettings process_settings_;
    std::atomic<int> stop_signal_{0};
    std::atomic<bool> saving_at_end_{false};
    bool stopping_ = false;
    int exit_code_ = 0;
    uint64_t cron_ns_ = 0;
    const StartPlan& plan_;
};

}  // namespace millrace::server
