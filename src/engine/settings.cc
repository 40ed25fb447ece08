// SPDX-License-Identifier: BSD-3-Clause
#include "engine/settings.h"

#include <limits>

#include "engine/settings_values.h"

namespace millrace::engine {
namespace {

using namespace config;  // The kinds and flags of settings.

constexpr int64_t kInt64Max = std::numeric_limits<int64_t>::max();
constexpr uint64_t kUint63Max = std::numeric_limits<int64_t>::max();
constexpr uint64_t kMegabyte = 1 << 20;

constexpr Choice<LocalAccess> kLocalAccess[] = {
    {"no", LocalAccess::No},
    {"yes", LocalAccess::Yes},
    {"local", LocalAccess::Local},
};

constexpr Choice<PubsubDefault> kPubsubDefaults[] = {
    {"allchannels", PubsubDefault::AllChannels},
    {"resetchannels", PubsubDefault::ResetChannels},
};

void register_clients(Registry& registry, Settings& settings) {
    registry.add_unsigned("client-query-buffer-limit", settings.client_query_buffer_limit,
                          {.min = kMegabyte, .max = kUint63Max, .unit = Unit::Memory});
    registry.add_custom("client-output-buffer-limit", settings.client_output_buffer_limit,
                        settings_values::output_limits());
    registry.add_unsigned("proto-max-bulk-len", settings.proto_max_bulk_bytes,
                          {.min = kMegabyte, .max = kUint63Max, .unit = Unit::Memory});
    registry.add_integer("maxmemory-clients", settings.maxmemory_clients,
                         {.unit = Unit::MemoryOrPercent});
    registry.add_unsigned("tracking-table-max-keys", settings.tracking_table_max_keys,
                          {.max = kUint63Max});
    registry.add_custom("notify-keyspace-events", settings.notify_keyspace_events,
                        settings_values::event_classes());
    registry.add_bool("extended-redis-compatibility", settings.extended_redis_compatibility);
    registry.add_integer("busy-reply-threshold", settings.busy_reply_threshold,
                         {.min = 0, .max = kInt64Max, .alias = "lua-time-limit"});
}

void register_access(Registry& registry, Settings& settings) {
    registry.add_text("requirepass", settings.requirepass, {.flags = kNullable | kSensitive});
    registry.add_text("aclfile", settings.aclfile, {.flags = kImmutable});
    registry.add_enum("acl-pubsub-default", settings.acl_pubsub_default, kPubsubDefaults);
    registry.add_integer("acllog-max-len", settings.acllog_max_len, {.min = 0, .max = kInt64Max});
    registry.add_enum("enable-protected-configs", settings.enable_protected_configs, kLocalAccess,
                      {.flags = kImmutable});
    registry.add_enum("enable-debug-command", settings.enable_debug_command, kLocalAccess,
                      {.flags = kImmutable});
    registry.add_enum("enable-module-command", settings.enable_module_command, kLocalAccess,
                      {.flags = kImmutable});
}

void register_logs(Registry& registry, Settings& settings) {
    registry.add_bool("latency-tracking", settings.latency_tracking);
    registry.add_custom("latency-tracking-info-percentiles",
                        settings.latency_tracking_info_percentiles, settings_values::percentiles());
    registry.add_integer("latency-monitor-threshold", settings.latency_monitor_threshold,
                         {.min = 0, .max = kInt64Max});
    registry.add_integer("commandlog-execution-slower-than",
                         settings.commandlog_execution_slower_than,
                         {.min = -1, .max = kInt64Max, .alias = "slowlog-log-slower-than"});
    registry.add_integer("commandlog-slow-execution-max-len",
                         settings.commandlog_slow_execution_max_len,
                         {.min = 0, .max = kInt64Max, .alias = "slowlog-max-len"});
    registry.add_integer("commandlog-request-larger-than", settings.commandlog_request_larger_than,
                         {.min = -1, .max = kInt64Max});
    registry.add_integer("commandlog-large-request-max-len",
                         settings.commandlog_large_request_max_len, {.min = 0, .max = kInt64Max});
    registry.add_integer("commandlog-reply-larger-than", settings.commandlog_reply_larger_than,
                         {.min = -1, .max = kInt64Max});
    registry.add_integer("commandlog-large-reply-max-len", settings.commandlog_large_reply_max_len,
                         {.min = 0, .max = kInt64Max});
    registry.add_integer("hotkey-top-k", settings.hotkey_top_k, {.min = 0, .max = 64});
    registry.add_integer("hotkey-window-seconds", settings.hotkey_window_seconds,
                         {.min = 1, .max = 3600});
}

void register_lazyfree(Registry& registry, Settings& settings) {
    registry.add_bool("lazyfree-lazy-eviction", settings.lazyfree_eviction);
    registry.add_bool("lazyfree-lazy-expire", settings.lazyfree_expire);
    registry.add_bool("lazyfree-lazy-server-del", settings.lazyfree_server_del);
    registry.add_bool("lazyfree-lazy-user-del", settings.lazyfree_user_del);
    registry.add_bool("lazyfree-lazy-user-flush", settings.lazyfree_user_flush);
}

}  // namespace

void register_settings(Registry& registry, Settings& settings) {
    register_clients(registry, settings);
    register_access(registry, settings);
    register_logs(registry, settings);
    register_lazyfree(registry, settings);
}

}  // namespace millrace::engine
