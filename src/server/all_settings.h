// SPDX-License-Identifier: BSD-3-Clause
//
// The settings of all modules, side by side.
//
// Owner:   main(). Threads: main thread; I/O threads get copies of what they need.
#pragma once

#include "cluster/settings.h"
#include "config/registry.h"
#include "engine/settings.h"
#include "keyspace/settings.h"
#include "net/settings.h"
#include "observe/settings.h"
#include "persistence/settings.h"
#include "replication/settings.h"
#include "scripting/settings.h"
#include "server/settings.h"
#include "threads/settings.h"

namespace millrace::server {

struct AllSettings {
    net::Settings net;
    threads::Settings threads;
    Settings server;
    observe::Settings observe;
    persistence::Settings persistence;
    replication::Settings replication;
    cluster::Settings cluster;
    keyspace::Settings keyspace;
    engine::Settings engine;
    scripting::Settings scripting;
};

void register_all_settings(config::Registry& registry, AllSettings& settings);

}  // namespace millrace::server
