// SPDX-License-Identifier: BSD-3-Clause
//
// INFO tls, modules, cluster, cluster_info, scriptingengines of a server that uses none of them.

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
    info.add("modules", "Modules", InfoRegistry::kDefault, [](InfoWriter&) {});
    info.add_alias("modules", "module_list");
}

void register_cluster_sections(InfoRegistry& info, engine::Engine& engine) {
    info.add("cluster", "Cluster", InfoRegistry::kDefault, [&engine](InfoWriter& out) {
        out.field("cluster_enabled", engine.server().facts.mode == "cluster");
    });
    info.add("cluster_info", "Cluster Info", InfoRegistry::kAll, [](InfoWriter&) {});
}

void register_scripting_section(InfoRegistry& info) {
    info.add("scriptingengines", "Scripting Engines", InfoRegistry::kAll, [](InfoWriter& out) {
        out.field("engines_count", 0);
        out.field("engines_total_used_memory", 0);
        out.field("engines_total_memory_overhead", 0);
    });
}

}  // namespace millrace::admin::info
