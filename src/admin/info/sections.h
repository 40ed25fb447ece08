// SPDX-License-Identifier: BSD-3-Clause
//
// The sections of INFO whose data are at hand here; each function registers one.
//
// Sections show in the order of registration, so register_sections() is where their order stands.
// Modules that come later (persistence, replication, cluster ...) take over their sections by
// registering them themselves.
//
// Threads: main thread.
#pragma once

#include "engine/engine.h"
#include "observe/info_registry.h"

namespace millrace::admin::info {

void register_server_section(observe::InfoRegistry& info, engine::Engine& engine);
void register_tls_section(observe::InfoRegistry& info);
void register_clients_section(observe::InfoRegistry& info, engine::Engine& engine);
void register_memory_section(observe::InfoRegistry& info, engine::Engine& engine);
void register_persistence_section(observe::InfoRegistry& info, engine::Engine& engine);
void register_stats_section(observe::InfoRegistry& info, engine::Engine& engine);
void register_replication_section(observe::InfoRegistry& info, engine::Engine& engine);
void register_cpu_section(observe::InfoRegistry& info, engine::Engine& engine);
void register_modules_section(observe::InfoRegistry& info);
void register_command_sections(observe::InfoRegistry& info, engine::Engine& engine);
void register_cluster_sections(observe::InfoRegistry& info, engine::Engine& engine);
void register_scripting_section(observe::InfoRegistry& info, engine::Engine& engine);
void register_keyspace_section(observe::InfoRegistry& info, engine::Engine& engine);
void register_hot_keys_section(observe::InfoRegistry& info, engine::Engine& engine);
void register_debug_section(observe::InfoRegistry& info, engine::Engine& engine);

// All of the above, in Valkey's order; sections of ours come last.
void register_sections(observe::InfoRegistry& info, engine::Engine& engine);

}  // namespace millrace::admin::info
