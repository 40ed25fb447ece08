// SPDX-License-Identifier: BSD-3-Clause
//
// INFO clients: how many are connected, and what they wait for.

#include <algorithm>

#include "admin/client/listing.h"
#include "admin/info/sections.h"
#include "admin/setting_value.h"
#include "engine/pause.h"

namespace millrace::admin::info {
namespace {

using engine::Pause;
using observe::InfoWriter;

// One walk over all sessions.
struct ClientTotals {
    uint64_t connected = 0;
    uint64_t input_highest = 0;
    uint64_t output_highest = 0;
    uint64_t blocked = 0;
    uint64_t tracking = 0;
    uint64_t pubsub = 0;
    uint64_t watching = 0;
    uint64_t watched_keys = 0;
};

void add(ClientTotals& totals, const engine::Session& session) {
    constexpr auto kRelaxed = std::memory_order_relaxed;
    const engine::SessionSummary summary = client::summarise(session);
    ++totals.connected;
    totals.input_highest =
        std::max(totals.input_highest, session.traffic->input_bytes.load(kRelaxed));
    totals.output_highest =
        std::max(totals.output_highest, session.traffic->output_bytes.load(kRelaxed));
    totals.blocked += client::is_waiting(session);
    totals.tracking += summary.tracking;
    totals.pubsub += session.is(engine::kSubscribed);
    totals.watching += summary.watched_keys != 0;
    totals.watched_keys += summary.watched_keys;
}

void write_pause(InfoWriter& out, engine::Engine& engine) {
    const Pause& pause = engine.pause();
    const bool paused = pause.mode() != Pause::Mode::None && pause.until_ms() > engine.now_ms();
    const char* actions = pause.mode() == Pause::Mode::All ? "all" : "write";
    out.field("paused_reason", paused ? "client_pause" : "none");
    out.field("paused_actions", paused ? actions : "none");
    out.field("paused_timeout_milliseconds", paused ? pause.until_ms() - engine.now_ms() : 0);
}

}  // namespace

void register_clients_section(observe::InfoRegistry& info, engine::Engine& engine) {
    info.add("clients", "Clients", observe::InfoRegistry::kDefault, [&engine](InfoWriter& out) {
        ClientTotals totals;
        engine.sessions().for_each([&](const engine::Session& session) { add(totals, session); });
        out.field("connected_clients", totals.connected);
        out.field("cluster_connections", 0);
        out.field("maxclients", setting_integer(engine, "maxclients", 10000));
        out.field("client_recent_max_input_buffer", totals.input_highest);
        out.field("client_recent_max_output_buffer", totals.output_highest);
        out.field("blocked_clients", totals.blocked);
        out.field("tracking_clients", totals.tracking);
        out.field("pubsub_clients", totals.pubsub);
        out.field("watching_clients", totals.watching);
        out.field("clients_in_timeout_table", engine.blocking().timed_clients());
        out.field("total_watched_keys", totals.watched_keys);
        out.field("total_blocking_keys", engine.blocking().keys());
        out.field("total_blocking_keys_on_nokey", engine.blocking().keys_on_missing());
        write_pause(out, engine);
    });
}

}  // namespace millrace::admin::info
