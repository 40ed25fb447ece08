// SPDX-License-Identifier: BSD-3-Clause
//
// INFO replication of a primary without replicas.

#include <string>

#include "admin/info/sections.h"
#include "admin/setting_value.h"

namespace millrace::admin::info {

void register_replication_section(observe::InfoRegistry& info, engine::Engine& engine) {
    constexpr int64_t kBacklogBytes = 10 * 1024 * 1024;
    info.add("replication", "Replication", observe::InfoRegistry::kDefault,
             [&engine](observe::InfoWriter& out) {
                 out.field("role", "master");
                 out.field("connected_slaves", 0);
                 out.field("replicas_waiting_psync", 0);
                 out.field("master_failover_state", "no-failover");
                 out.field("master_replid", engine.server().facts.replication_id);
                 out.field("master_replid2", std::string(40, '0'));
                 out.field("master_repl_offset", 0);
                 out.field("second_repl_offset", -1);
                 out.field("repl_backlog_active", 0);
                 out.field("repl_backlog_size",
                           setting_integer(engine, "repl-backlog-size", kBacklogBytes));
                 out.field("repl_backlog_first_byte_offset", 0);
                 out.field("repl_backlog_histlen", 0);
             });
}

}  // namespace millrace::admin::info
