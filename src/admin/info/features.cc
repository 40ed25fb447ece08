// SPDX-License-Identifier: BSD-3-Clause
//
// INFO tls, cluster, cluster_info of a server that uses neither; modules and scriptingengines,
// which know Lua and nothing else.

#include <string>

#include "admin/info/sections.h"

namespace millrace::admin::info {

using observe::InfoRegistry;
using observe::InfoWriter;

void register_tls_section(InfoRegistry& info) {
    info.add("tls", "TLS", InfoRegistry::kAll, [](InfoWriter& out) {
        for (const std::string certificate : {"server", "client", "ca"}) {
            out.field("tls_" + certificate + "_cert_serial", "none");
            out.field("tls_" + certificate + "_cert_expires_in_seconds", 0);
        }
    });
}

void register_modules_section(InfoRegistry& info) {
    // Compat: Valkey's Lua is a module that comes with it.
    info.add("modules", "Modules", InfoRegistry::kDefault, [](InfoWriter& out) {
        out.field("module",
                  "name=lua,ver=1,api=1,filters=0,usedby=[],using=[],"
                  "options=[handle-repl-async-load|handle-atomic-slot-migration]");
    });
    info.add_alias("modules", "module_list");
}

void register_cluster_sections(InfoRegistry& info, engine::Engine& engine) {
    info.add("cluster", "Cluster", InfoRegistry::kDefault, [&engine](InfoWriter& out) {
        out.field("cluster_enabled", engine.server().facts.mode == "cluster");
    });
    info.add("cluster_info", "Cluster Info", InfoRegistry::kAll, [](InfoWriter&) {});
}

void register_scripting_section(InfoRegistry& info, engine::Engine& engine) {
    info.add("scriptingengines", "Scripting Engines", InfoRegistry::kAll,
             [&engine](InfoWriter& out) {
                 constexpr uint64_t kOverhead = 64;  // Compat: what Valkey keeps of an engine.
                 const engine::ScriptCounters& scripts = engine.counters().scripts;
                 const uint64_t bytes =
                     scripts.interpreter_bytes + scripts.function_interpreter_bytes;
                 out.field("engines_count", 1);
                 out.field("engines_total_used_memory", bytes);
                 out.field("engines_total_memory_overhead", kOverhead);
                 out.field("engine_0", "name=LUA,module=lua,abi_version=4,used_memory=" +
                                           std::to_string(bytes) +
                                           ",memory_overhead=" + std::to_string(kOverhead));
             });
}

}  // namespace millrace::admin::info
