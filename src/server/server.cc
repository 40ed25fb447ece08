// SPDX-License-Identifier: BSD-3-Clause
//
// The life of the server: start, run, stop. What is connected to what is in wiring.cc.
#include "server/server.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <utility>

#include "admin/client/listing.h"
#include "admin/info/sections.h"
#include "base/log.h"
#include "engine/acl/access_control.h"
#include "engine/memory_limit.h"
#include "scripting/script_engine.h"
#include "server/crash_report.h"
#include "server/daemon.h"
#include "server/memory_ceiling.h"
#include "server/open_files.h"

namespace millrace::server {
namespace {

SipKey seed_of(const std::string& setting, SystemEntropy& entropy) {
    if (setting.empty()) return {.low = entropy.next(), .high = entropy.next()};
    SipKey key;  // Equal settings give equal orders of SCAN on two servers.
    const std::string_view text = setting;
    const SipKey zero;
    key.low = siphash13(text.data(), text.size(), zero);
    key.high = siphash13(text.data(), text.size(), {.low = key.low, .high = 1});
    return key;
}

std::string random_identifier(SystemEntropy& entropy) {
    constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    while (text.size() < 40) text += kDigits[entropy.next() % 16];
    return text;
}

engine::ShutdownRequest request_of(uint32_t words) {
    return {.save = (words & kShutdownSave) != 0,
            .no_save = (words & kShutdownNosave) != 0,
            .now = (words & kShutdownNow) != 0,
            .force = (words & kShutdownForce) != 0,
            .safe = (words & kShutdownSafe) != 0,
            .failover = (words & kShutdownFailover) != 0};
}

}  // namespace

Server::Server(AllSettings& settings, config::Registry& config, engine::CommandRegistry& commands,
               const StartPlan& plan, TitleArea& title)
    : settings_(settings),
      config_(config),
      heaps_({.huge_pages = true}),
      keyspace_(static_cast<int>(settings.keyspace.databases),
                seed_of(settings.keyspace.hash_seed, entropy_), heaps_),
      engine_({.commands = commands,
               .keyspace = keyspace_,
               .settings = settings.engine,
               .config = config,
               .command_log = command_log_,
               .latency = latency_,
               .info = info_,
               .server = state_,
               .time = time_,
               .entropy = entropy_}),
      persistence_(engine_, settings.persistence, settings.keyspace,
                   settings.server.bgsave_cpulist, disk_),
      pipeline_(engine_, heaps_, state_),
      append_only_file_(append_only_parts()),
      acceptor_(pipeline_, engine_, settings.net, state_),
      cron_(engine_, pipeline_, state_, heaps_, settings.server, settings.keyspace.defrag,
            settings.net, settings.keyspace.active_expire_effort),
      process_settings_(settings, plan.config_file, title),
      plan_(plan) {
    engine_.connect(&pipeline_, this);
    engine_.access().set_description(admin::client::describe_client);
    engine_.connect_persistence(&persistence_);
    persistence_.set_append_log(&append_only_file_);
    persistence_.set_attend_loading([this] { attend_loading(); });
    connect_libraries();
    admin::info::register_sections(info_, engine_);
    describe(plan);
    wire_settings();
    apply_all_settings();
}

Server::~Server() {
    // The log, which goes before them, hears how the snapshot that it has asked for ended.
    persistence_.stop_snapshots();
}

persistence::aof::AppendOnlyFile::Parts Server::append_only_parts() {
    return {.engine = engine_,
            .settings = settings_.persistence,
            .keyspace_settings = settings_.keyspace,
            .refusals = persistence_.refusals(),
            .disk = disk_,
            .snapshots = persistence_.snapshots(),
            .wake = [this] { pipeline_.wake_main(); },
            .die = [] { std::_Exit(1); },
            .set_gate = [this](engine::ReplyGate* gate) { pipeline_.set_gate(gate); },
            .write_dataset =
                [this](persistence::rdb::ByteSink& sink) { return persistence_.write_base(sink); },
            .load_preamble =
                [this](std::string_view bytes, persistence::LoadProgress& progress) {
                    return persistence_.load_preamble(bytes, progress);
                },
            .clear_libraries =
                [this] {
                    if (engine_.scripting != nullptr) {
                        scripting::ScriptEngine::of(engine_).flush_libraries();
                    }
                },
            .loading_rules = [this] { return persistence_.loading_rules(); }};
}

void Server::attend_loading() {
    // Compat: what is half loaded is not worth saving.
    if (stop_signal_.load() != 0 || stopping_) {
        log_warning("Received shutdown signal during loading, exiting now.");
        std::_Exit(0);
    }
}

Status Server::load() {
    if (!settings_.persistence.aof.appendonly) return persistence_.load();
    return append_only_file_.start();
}

void Server::connect_libraries() {
    using scripting::ScriptEngine;
    persistence_.set_libraries(
        {.for_each =
             [this](const persistence::rdb::LibraryStore::Visitor& visit) {
                 if (engine_.scripting == nullptr) return;
                 for (const auto& [name, library] : ScriptEngine::of(engine_).libraries()) {
                     visit(library.code);
                 }
             },
         .load = [this](std::string_view code, bool replace) -> Status {
             (void)TRY(ScriptEngine::of(engine_).load_library(code, replace));
             return done();
         },
         .clear =
             [this] {
                 if (engine_.scripting != nullptr) ScriptEngine::of(engine_).flush_libraries();
             }});
}

void Server::describe(const StartPlan& plan) {
    observe::ServerFacts& facts = state_.facts;
    facts.executable = plan.executable;
    facts.config_file = plan.config_file;
    facts.run_id = random_identifier(entropy_);
    facts.replication_id = random_identifier(entropy_);
    facts.started_unix_us = time_.wall_microseconds();
    facts.started_monotonic_ns = time_.monotonic_nanoseconds();
    state_.snapshots.last_save_unix_seconds = facts.started_unix_us / 1000000;
}

Status Server::start() {
    settings_.net.maxclients = TRY(make_room_for_clients(settings_.net.maxclients));
    TRY(load_users());
    TRY(pipeline_.open());
    pipeline_.set_accept_ready([this] { acceptor_.accept_some(); });
    TRY(acceptor_.open());
    log_notice("Server initialized");
    TRY(load());
    for (const net::Listener& listener : acceptor_.listeners()) {
        if (listener.unix_socket) {
            log_notice("Ready to accept connections unix");
        } else if (&listener == &acceptor_.listeners().front()) {
            log_notice("Ready to accept connections tcp");
        }
    }
    const uint64_t limit = engine_.memory_limit().limit();
    for (const std::string& line : memory_warnings(memory_surroundings(), limit))
        log_warning("{}", line);
    state_.memory.startup_bytes = used_bytes();
    process_settings_.apply();
    if (settings_.server.supervised == Supervised::Systemd) {
        notify_systemd("STATUS=Ready to accept connections\n");
        notify_systemd("READY=1\n");
    }
    return done();
}

int Server::run() {
    while (!stopping_) {
        const int64_t begin_ns = time_.monotonic_nanoseconds();
        const int64_t wait_us = cron_.run();
        if (cron_.did_something()) {
            const auto spent_ns = static_cast<uint64_t>(time_.monotonic_nanoseconds() - begin_ns);
            cron_ns_ += spent_ns;
            state_.loop.cron_duration_us = cron_ns_ / 1000;
            state_.threads.main().active_nanoseconds.add(spent_ns);
            state_.loop.duration_us += spent_ns / 1000;
            state_.loop.duration_us_highest =
                std::max(state_.loop.duration_us_highest, spent_ns / 1000);
            ++state_.loop.cycles;
        }
        pipeline_.turn(append_only_file_.attend(persistence_.attend(wait_us)));
        if (!engine_.debug_switches().cron_paused) obey_signal();
    }
    append_only_file_.end();
    pipeline_.release_all();
    acceptor_.close_all();
    log_warning("Valkey is now ready to exit, bye bye...");
    return exit_code_;
}

void Server::obey_signal() {
    const int signal = stop_signal_.exchange(0);
    if (signal == 0) return;
    const bool interrupted = signal == SIGINT;
    log_warning("Received {} scheduling shutdown...", interrupted ? "SIGINT" : "SIGTERM");
    (void)shutdown(request_of(interrupted ? settings_.server.shutdown_on_sigint
                                          : settings_.server.shutdown_on_sigterm));
}

void Server::request_stop(int signal) {
    if (signal == SIGINT && saving_at_end_.load()) {
        persistence_.remove_temporary_file();
        ::_exit(1);
    }
    stop_signal_.store(signal);
    pipeline_.wake();
}

bool Server::saves_at_end(const engine::ShutdownRequest& request) const {
    if (request.save || request.no_save) return request.save;
    return !settings_.persistence.rdb.save.empty();
}

Status Server::shutdown(const engine::ShutdownRequest& request) {
    log_warning("User requested shutdown...");
    TRY(append_only_file_.prepare_to_end(request.force || request.now));
    if (saves_at_end(request)) {
        log_notice("Saving the final RDB snapshot before exiting.");
        saving_at_end_.store(true);
        const bool saved = persistence_.save_at_end().ok();
        saving_at_end_.store(false);
        if (!saved) {
            if (!request.force) {
                log_warning("Error trying to save the DB, can't exit.");
                return Error("ERR Errors trying to SHUTDOWN. Check logs.");
            }
            log_warning("Error trying to save the DB. Exiting anyway.");
        }
    }
    persistence_.stop();
    stopping_ = true;
    engine_.set_condition(engine::kShuttingDown, true);
    return done();
}

Status Server::abort_shutdown() {
    if (stop_signal_.exchange(0) != 0) {
        log_notice("Shutdown manually aborted");
        return done();
    }
    return Error("ERR No shutdown in progress.");
}

Status Server::crash(std::string_view what) {
    crash_on_purpose(what);
    return done();
}

}  // namespace millrace::server
