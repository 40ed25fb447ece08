// SPDX-License-Identifier: BSD-3-Clause
//
// From the command line to a filled set of settings, and what is said on the way.
//
// Threads: main thread, before any other thread exists.
#pragma once

#include <string>
#include <vector>

#include "config/registry.h"
#include "engine/acl/user_lines.h"
#include "server/all_settings.h"

namespace millrace::server {

struct StartPlan {
    std::string executable;   // Absolute.
    std::string config_file;  // Absolute; empty without one.
    std::vector<engine::acl::UserDeclaration> users;  // `user` lines of the configuration.
};

// Reads the configuration into `settings` and `plan`. False: the process is to end with
// `exit_code`; something was printed already, the version or what is wrong.
bool prepare_start(int argc, char** argv, config::Registry& registry, AllSettings& settings,
                   StartPlan& plan, int& exit_code);

// Applies what concerns the process as a whole: log, background, pid file.
Status settle_process(const AllSettings& settings);

// The first lines of the log.
void say_hello(const AllSettings& settings, const StartPlan& plan);

}  // namespace millrace::server
