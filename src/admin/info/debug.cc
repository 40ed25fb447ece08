// SPDX-License-Identifier: BSD-3-Clause
//
// INFO debug: details of the main loop.

#include "admin/info/sections.h"

namespace millrace::admin::info {

void register_debug_section(observe::InfoRegistry& info, engine::Engine& engine) {
    info.add("debug", "Debug", observe::InfoRegistry::kOnlyByName,
             [&engine](observe::InfoWriter& out) {
                 const observe::ServerState& state = engine.server();
                 out.field("eventloop_duration_aof_sum", state.loop.aof_duration_us);
                 out.field("eventloop_duration_cron_sum", state.loop.cron_duration_us);
                 out.field("eventloop_duration_max", state.loop.duration_us_highest);
                 out.field("eventloop_cmd_per_cycle_max", state.loop.commands_per_cycle_highest);
                 out.field("io_threaded_reads_pending", state.net.reads_pending);
                 out.field("io_threaded_writes_pending", state.net.writes_pending);
             });
}

}  // namespace millrace::admin::info
