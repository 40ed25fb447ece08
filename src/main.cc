// SPDX-License-Identifier: BSD-3-Clause
//
// millrace-server: options, settings, server, run, stop.
#include <csignal>

#include "base/log.h"
#include "base/thread_role.h"
#include "server/crash_report.h"
#include "server/server.h"
#include "server/startup.h"
#include "server/title_area.h"

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
    server::TitleArea title(argc, argv);
    server::AllSettings settings;
    config::Registry registry;
    engine::CommandRegistry commands(engine::all_command_tables());
    server::register_all_settings(registry, settings);
    server::StartPlan plan;
    server::register_directives(
        registry, {.user =
                       [&](config::Words words) {
                           return engine::acl::declare_user(words, {commands}, plan.users);
                       },
                   .user_lines = [] { return running->user_lines(); },
                   .rename_command =
                       [&commands](config::Words words) {
                           return commands.rename(words[0], words[1]);
                       }});
    int exit_code = 0;
    if (!server::prepare_start(argc, argv, registry, settings, plan, exit_code)) return exit_code;
    const Status settled = server::settle_process(settings);
    if (!settled.ok()) {
        log_warning("{}", settled.error().text());
        return 1;
    }
    server::say_hello(settings, plan);
    const server::SignalStack signal_stack;
    server::Server server(settings, registry, commands, plan, title);
    running = &server;
    install_stop_signals();
    const Status started = server.start();
    if (!started.ok()) {
        log_warning("{}", started.error().text());
        return 1;
    }
    const RoleScope role(main_thread);
    return server.run();
}
