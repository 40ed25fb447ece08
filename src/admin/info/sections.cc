// SPDX-License-Identifier: BSD-3-Clause
//
// The order of the sections.

#include "admin/info/sections.h"

namespace millrace::admin::info {

void register_sections(observe::InfoRegistry& info, engine::Engine& engine) {
    register_server_section(info, engine);
    register_tls_section(info);
    register_clients_section(info, engine);
    register_memory_section(info, engine);
    register_persistence_section(info, engine);
    register_stats_section(info, engine);
    register_replication_section(info, engine);
    register_cpu_section(info, engine);
    register_modules_section(info);
    register_command_sections(info, engine);
    register_cluster_sections(info, engine);
    register_scripting_section(info, engine);
    register_keyspace_section(info, engine);
    register_debug_section(info, engine);
    register_hot_keys_section(info, engine);
}

}  // namespace millrace::admin::info
