// SPDX-License-Identifier: BSD-3-Clause
//
// millrace-server: options, settings, server, run, stop.
#include <csignal>

#include "base/log.h"
#include "base/thread_role.h"
#include "server/server.h"
#include "server/startup.h"

namespace {

// For the signal handlers, which have no other way to know.
millrace::server::Server* running = nullptr;

void on_stop_signal(int signal) {
    running->request_stop(signal);
}

void install_stop_signals() {
    struct sigaction action {};
    action.sa_handler = on_stop_signal;
    sigaction(SIGTERM, &action, nullptr);
    sigaction(SIGINT, &action, nullptr);
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, nullptr);
    sigaction(SIGHUP, &action, nullptr);
}

}  // namespace

int main(int argc, char** argv) {
    using namespace millrace;
    server::AllSettings settings;
    config::Registry registry;
    server::register_all_settings(registry, settings);
    server::register_directives(registry, {});

    int exit_code = 0;
    const auto plan = server::prepare_start(argc, argv, registry, settings, exit_code);
    if (!plan) return exit_code;
    const Status settled = server::settle_process(settings);
    if (!settled.ok()) {
        log_warning("{}", settled.error().text());
        return 1;
    }
    server::say_hello(settings, *plan);
    server::Server server(settings, registry, plan->executable, plan->config_file);
    running = &server;
    install_stop_signals();
    if (!server.start().ok()) return 1;
    const RoleScope role(main_thread);
    return server.run();
}
