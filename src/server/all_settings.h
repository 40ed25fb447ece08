// SPDX-License-Identifier: BSD-3-Clause
//
// The settings of all modules in one place, and what else may stand in the configuration file.
//
// Owner:   Server.
// Threads: main thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cluster/settings.h"
#include "config/file.h"
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
    keyspace::Settings keyspace;
    engine::Settings engine;
    observe::Settings observe;
    persistence::Settings persistence;
    replication::Settings replication;
    cluster::Settings cluster;
    scripting::Settings scripting;
    Settings server;
};

void register_all_settings(config::Registry& registry, AllSettings& settings);

// Who takes the lines that are not settings. A line without a taker is refused.
struct DirectiveTakers {
    std::function<Status(config::Words words)> user = {};
    std::function<std::vector<std::string>()> user_lines = {};  // For CONFIG REWRITE.
    std::function<Status(config::Words words)> rename_command = {};
    std::function<Status(config::Words words)> load_module = {};
    std::function<Status(config::Words words)> sentinel = {};
};

void register_directives(config::Registry& registry, DirectiveTakers takers);

// What can only be judged when the whole configuration has been read.
std::optional<config::LoadError> check_settings(const AllSettings& settings);

// Parts of Valkey that are not built yet. A start that needs one of them must be refused; each line
// says why. For others a warning is enough.
std::vector<std::string> missing_subsystem_refusals(const AllSettings& settings);
std::vector<std::string> missing_subsystem_warnings(const AllSettings& settings);

// Makes CONFIG SET refuse what would need one of them.
void refuse_missing_subsystems(config::Registry& registry, const AllSettings& settings);

}  // namespace millrace::server
