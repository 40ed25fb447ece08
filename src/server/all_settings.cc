// SPDX-License-Identifier: BSD-3-Clause
#include "server/all_settings.h"

namespace millrace::server {

void register_all_settings(config::Registry& registry, AllSettings& settings) {
    net::register_settings(registry, settings.net);
    threads::register_settings(registry, settings.threads);
    register_settings(registry, settings.server);
    observe::register_settings(registry, settings.observe);
    persistence::register_settings(registry, settings.persistence);
    replication::register_settings(registry, settings.replication);
    cluster::register_settings(registry, settings.cluster);
    keyspace::register_settings(registry, settings.keyspace);
    engine::register_settings(registry, settings.engine);
    scripting::register_settings(registry, settings.scripting);
}

}  // namespace millrace::server
