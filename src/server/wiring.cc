// SPDX-License-Identifier: BSD-3-Clause
//
// Which setting reaches whom: every hook that applies a changed setting, in one list.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "engine/acl/access_control.h"
#include "engine/client_limit.h"
#include "engine/hot_keys.h"
#include "engine/memory_limit.h"
#include "server/memory_ceiling.h"
#include "server/open_files.h"
#include "server/server.h"
#include "threads/cores.h"

namespace millrace::server {

namespace {

int io_thread_count(const threads::Settings& settings) {
    const auto cores = static_cast<int64_t>(threads::usable_cores());
    return static_cast<int>(settings.io_threads.automatic() ? std::min<int64_t>(cores, 16)
                                                            : settings.io_threads.count);
}

void configure_access(keyspace::AccessClock& clock, const keyspace::Settings& settings) {
    using keyspace::MaxmemoryPolicy;
    const bool frequency = settings.maxmemory_policy == MaxmemoryPolicy::AllkeysLfu ||
                           settings.maxmemory_policy == MaxmemoryPolicy::VolatileLfu;
    clock.configure(frequency ? keyspace::AccessClock::Policy::Frequency
                              : keyspace::AccessClock::Policy::Recency,
                    static_cast<int>(settings.lfu_log_factor),
                    static_cast<int>(settings.lfu_decay_time));
}

}  // namespace

void Server::apply_all_settings() {
    using observe::CommandLogKind;
    const engine::Settings& engine = settings_.engine;
    command_log_.configure(CommandLogKind::Slow, {engine.commandlog_execution_slower_than,
                                                  engine.commandlog_slow_execution_max_len});
    command_log_.configure(CommandLogKind::LargeRequest, {engine.commandlog_request_larger_than,
                                                          engine.commandlog_large_request_max_len});
    command_log_.configure(CommandLogKind::LargeReply, {engine.commandlog_reply_larger_than,
                                                        engine.commandlog_large_reply_max_len});
    latency_.set_threshold_ms(engine.latency_monitor_threshold);
    keyspace_.set_encodings(settings_.keyspace.encodings);
    configure_access(keyspace_.access_clock(), settings_.keyspace);
    const keyspace::MaxMemory& maxmemory = settings_.keyspace.maxmemory;
    const uint64_t limit = maxmemory.automatic ? automatic_memory_limit() : maxmemory.bytes;
    engine_.memory_limit().configure(settings_.keyspace, limit);
    engine_.client_limit().configure(engine.maxmemory_clients, limit);
    engine_.hot_keys().configure(engine);
    cron_.set_expire_effort(settings_.keyspace.active_expire_effort);
    pipeline_.configure_io(
        {.query_buffer_bytes_max = static_cast<int64_t>(engine.client_query_buffer_limit),
         .bulk_bytes_max = static_cast<int64_t>(engine.proto_max_bulk_bytes)});
    pipeline_.configure_threads(io_thread_count(settings_.threads),
                                settings_.threads.io_threads_always_active);
    // There is no replication yet, so there never are enough.
    const bool wants_replicas = settings_.replication.min_replicas_to_write > 0 &&
                                settings_.replication.min_replicas_max_lag > 0;
    persistence_.refusals().set(
        persistence::WriteRefusals::Reason::Replicas,
        wants_replicas ? "NOREPLICAS Not enough good replicas to write." : "");
    state_.facts.hz = static_cast<int>(settings_.server.hz);
    state_.facts.configured_hz = state_.facts.hz;
    state_.facts.clients_hz = state_.facts.hz;
    state_.facts.availability_zone = settings_.server.availability_zone;
    engine_.notifications().configure(engine.notify_keyspace_events);
}

void Server::wire_settings() {
    config_.on_change(
        {"commandlog-execution-slower-than", "commandlog-slow-execution-max-len",
         "commandlog-request-larger-than", "commandlog-large-request-max-len",
         "commandlog-reply-larger-than", "commandlog-large-reply-max-len",
         "latency-monitor-threshold", "maxmemory", "maxmemory-policy", "maxmemory-samples",
         "maxmemory-eviction-tenacity", "maxmemory-count-buffers", "maxmemory-clients",
         "lfu-log-factor", "lfu-decay-time", "hotkey-top-k", "hotkey-window-seconds",
         "active-expire-effort", "client-query-buffer-limit", "proto-max-bulk-len", "io-threads",
         "io-threads-always-active", "hz", "availability-zone", "notify-keyspace-events",
         "min-replicas-to-write", "min-replicas-max-lag"},
        [this] {
            apply_all_settings();
            return done();
        });
    config_.on_change({"appendonly"}, [this] {
        return append_only_file_.set_enabled(settings_.persistence.aof.appendonly);
    });
    config_.on_change({"appendfsync", "aof-reply-after-write", "aof-checksum-annotations",
                       "aof-timestamp-enabled", "aof-disable-auto-gc"},
                      [this] {
                          append_only_file_.configure();
                          return done();
                      });
    config_.on_change({"port"}, [this]() -> Status {
        if (acceptor_.reopen_tcp().ok()) return done();
        return Error("Unable to listen on this port. Check server logs.");
    });
    config_.on_change({"bind"}, [this]() -> Status {
        if (acceptor_.reopen_tcp().ok()) return done();
        return Error("Failed to bind to specified addresses.");
    });
    config_.on_change({"maxclients"}, [this]() -> Status {
        const int64_t wanted = settings_.net.maxclients;
        const int64_t fitting = TRY(make_room_for_clients(wanted));
        if (fitting >= wanted) return done();
        return Error(
            fmt::format("The operating system is not able to handle the specified number "
                        "of clients, try with {}",
                        fitting));
    });
    config_.on_change({"save", "stop-writes-on-bgsave-error"}, [this] {
        persistence_.settings_changed();
        return done();
    });
    config_.on_change({"import-mode"}, [this] {
        keyspace_.keep_expired(keyspace::KeepExpired::WhileImporting,
                               settings_.replication.import_mode);
        return done();
    });
    config_.on_change({"requirepass"}, [this] {
        engine_.access().set_default_password(settings_.engine.requirepass);
        return done();
    });
    wire_process_settings();
    refuse_missing_subsystems(config_, settings_);
}

void Server::wire_process_settings() {
    config_.on_change({"proc-title-template"}, [this] {
        process_settings_.show_title();
        return done();
    });
    config_.on_change({"locale-collate"}, [this] {
        process_settings_.take_locale();
        return done();
    });
    config_.on_change({"oom-score-adj", "oom-score-adj-values"},
                      [this] { return process_settings_.adjust_oom_score(); });
    config_.on_change({"crash-log-enabled"}, [this] {
        process_settings_.prepare_for_crash();
        return done();
    });
    config_.on_change({"jemalloc-bg-thread"},
                      [this] { return process_settings_.start_allocator_threads(); });
}

}  // namespace millrace::server
