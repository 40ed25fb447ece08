// SPDX-License-Identifier: BSD-3-Clause
//
// INFO stats: what has been done since the start or CONFIG RESETSTAT. What belongs to features that
// are not there yet is 0.

#include <initializer_list>

#include "admin/info/sections.h"
#include "engine/memory_limit.h"

namespace millrace::admin::info {
namespace {

using observe::InfoWriter;
using observe::ServerState;
using observe::ThreadUsage;

void write_zeros(InfoWriter& out, std::initializer_list<const char*> names) {
    for (const char* name : names) out.field(name, 0);
}

double kilobytes(uint64_t bytes) {
    return static_cast<double>(bytes) / 1024;
}

void write_traffic(InfoWriter& out, engine::Engine& engine) {
    const ServerState& state = engine.server();
    out.field("total_connections_received", state.net.connections_received);
    out.field("total_commands_processed", engine.counters().commands_processed);
    out.field("instantaneous_ops_per_sec", state.rates.commands.mean());
    out.field("total_net_input_bytes", state.threads.total(&ThreadUsage::input_bytes));
    out.field("total_net_output_bytes", state.threads.total(&ThreadUsage::output_bytes));
    write_zeros(out,
                {"total_net_repl_input_bytes", "total_net_repl_output_bytes",
                 "total_net_cluster_slot_import_bytes", "total_net_cluster_slot_export_bytes"});
    out.field("instantaneous_input_kbps", kilobytes(state.rates.input_bytes.mean()), 2);
    out.field("instantaneous_output_kbps", kilobytes(state.rates.output_bytes.mean()), 2);
    out.field("instantaneous_input_repl_kbps",
              kilobytes(state.rates.replication_input_bytes.mean()), 2);
    out.field("instantaneous_output_repl_kbps",
              kilobytes(state.rates.replication_output_bytes.mean()), 2);
    out.field("rejected_connections", state.net.connections_rejected);
    write_zeros(out, {"sync_full", "sync_partial_ok", "sync_partial_err"});
}

void write_keys(InfoWriter& out, engine::Engine& engine) {
    const keyspace::KeyspaceCounters& keys = engine.keyspace().counters();
    out.field("expired_keys", keys.expired);
    out.field("expired_fields", keys.expired_members);
    // Keys past their time are found by an index, not by sampling; none is left behind.
    out.field("expired_stale_perc", 0.0, 2);
    out.field("expired_keys_with_volatile_items_stale_perc", 0.0, 2);
    out.field("expired_time_cap_reached_count", keys.expire_time_cap_reached);
    out.field("expire_cycle_cpu_milliseconds", keys.expire_cycle_microseconds / 1000);
    out.field("evicted_keys", keys.evicted);
    out.field("evicted_clients", engine.server().net.clients_evicted);
    out.field("evicted_scripts", engine.counters().scripts.evicted_scripts);
    out.field("total_eviction_exceeded_time", engine.memory_limit().exceeded_ms());
    out.field("current_eviction_exceeded_time", engine.memory_limit().exceeded_now_ms());
    out.field("keyspace_hits", keys.hits);
    out.field("keyspace_misses", keys.misses);
    // Compat: there are no forks; snapshots are counted in millrace_snapshots.
    using Kind = engine::PubSub::Kind;
    out.field("pubsub_channels", engine.pubsub().count(Kind::Channel));
    out.field("pubsub_patterns", engine.pubsub().count(Kind::Pattern));
    out.field("pubsubshard_channels", engine.pubsub().count(Kind::Shard));
    write_zeros(out, {"latest_fork_usec", "total_forks"});
    out.field("migrate_cached_sockets", engine.server().net.migrate_links);
    out.field("slave_expires_tracked_keys", 0);
    const observe::DefragCounters& defrag = engine.server().defrag;
    out.field("active_defrag_hits", defrag.hits);
    out.field("active_defrag_misses", defrag.misses);
    out.field("active_defrag_key_hits", defrag.key_hits);
    out.field("active_defrag_key_misses", defrag.key_misses);
    out.field("total_active_defrag_time", (defrag.total_us + defrag.current_us) / 1000);
    out.field("current_active_defrag_time", defrag.current_us / 1000);
    out.field("tracking_total_keys", engine.tracking().keys());
    out.field("tracking_total_items", engine.tracking().items());
    out.field("tracking_total_prefixes", engine.tracking().prefixes());
    out.field("unexpected_error_replies", engine.counters().unexpected_errors);
    out.field("total_error_replies", engine.counters().error_replies);
    out.field("dump_payload_sanitizations", 0);
}

void write_threads(InfoWriter& out, const ServerState& state) {
    const observe::ThreadUsages& threads = state.threads;
    out.field("total_reads_processed", threads.total(&ThreadUsage::reads));
    out.field("total_writes_processed", threads.total(&ThreadUsage::writes));
    out.field("io_threaded_reads_processed", threads.io_total(&ThreadUsage::reads));
    out.field("io_threaded_writes_processed", threads.io_total(&ThreadUsage::writes));
    out.field("io_threaded_freed_objects", threads.io_total(&ThreadUsage::frees));
    out.field("io_threaded_accept_processed", threads.io_total(&ThreadUsage::accepts));
    out.field("io_threaded_poll_processed", threads.io_total(&ThreadUsage::polls));
    out.field("io_threaded_total_prefetch_batches", threads.total(&ThreadUsage::batches));
    out.field("io_threaded_total_prefetch_entries", threads.total(&ThreadUsage::batch_commands));
}

void write_batches(InfoWriter& out, const observe::ThreadUsages& threads) {
    const uint64_t batches = threads.total(&ThreadUsage::batches);
    const uint64_t commands = threads.total(&ThreadUsage::batch_commands);
    out.field("millrace_batches", batches);
    out.field("millrace_batch_commands_mean",
              batches == 0 ? 0.0 : static_cast<double>(commands) / static_cast<double>(batches), 2);
}

void write_loop(InfoWriter& out, const ServerState& state) {
    out.field("client_query_buffer_limit_disconnections", state.net.closed_for_input_limit);
    out.field("client_output_buffer_limit_disconnections", state.net.closed_for_output_limit);
    write_zeros(out, {"reply_buffer_shrinks", "reply_buffer_expands"});
    out.field("eventloop_cycles", state.loop.cycles);
    out.field("eventloop_duration_sum", state.loop.duration_us);
    out.field("eventloop_duration_cmd_sum", state.loop.command_duration_us);
    out.field("instantaneous_eventloop_cycles_per_sec", state.rates.loop_cycles.mean());
    out.field("instantaneous_eventloop_duration_usec", state.rates.loop_duration_us.mean());
}

void write_denials(InfoWriter& out, const engine::EngineCounters& counters) {
    out.field("acl_access_denied_auth", counters.denials.logins);
    out.field("acl_access_denied_cmd", counters.denials.commands);
    out.field("acl_access_denied_key", counters.denials.keys);
    out.field("acl_access_denied_channel", counters.denials.channels);
    out.field("acl_access_denied_tls_cert", 0);
    out.field("acl_access_denied_db", counters.denials.databases);
}

}  // namespace

void register_stats_section(observe::InfoRegistry& info, engine::Engine& engine) {
    info.add("stats", "Stats", observe::InfoRegistry::kDefault, [&engine](InfoWriter& out) {
        write_traffic(out, engine);
        write_keys(out, engine);
        write_threads(out, engine.server());
        write_loop(out, engine.server());
        write_denials(out, engine.counters());
        write_batches(out, engine.server().threads);
    });
}

}  // namespace millrace::admin::info
