// SPDX-License-Identifier: BSD-3-Clause
#include "server/process_settings.h"

#include <clocale>

#include "base/log.h"
#include "base/memory.h"
#include "observe/server_facts.h"
#include "server/crash_report.h"
#include "server/process_title.h"
#include "server/watchdog.h"

namespace millrace::server {

void ProcessSettings::apply() {
    prepare_for_crash();
    install_watchdog(settings_.observe.logfile);
    const Status adjusted = adjust_oom_score();
    if (!adjusted.ok()) log_warning("{}", adjusted.error().text());
    const Status started = start_allocator_threads();
    if (!started.ok()) log_warning("{}", started.error().text());
    take_locale();
    show_title();
}

// They give back what has been free for a while, which otherwise whoever frees something next has
// to do.
Status ProcessSettings::start_allocator_threads() {
    const bool wanted = settings_.keyspace.jemalloc_bg_thread;
    if (!set_allocator_background_threads(wanted))
        return Error("The allocator's threads cannot be switched (jemalloc-bg-thread)");
    return done();
}

// Texts are compared on the main thread only.
void ProcessSettings::take_locale() {
    const std::string& name = settings_.server.locale_collate;
    if (std::setlocale(LC_COLLATE, name.c_str()) == nullptr)
        log_warning("There is no locale \"{}\" (locale-collate)", name);
}

void ProcessSettings::show_title() {
    if (!settings_.server.set_proc_title) return;
    const std::string port = std::to_string(settings_.net.port);
    const std::string tls_port = std::to_string(settings_.net.tls.port);
    const std::string address = settings_.net.bind.empty() ? "*" : settings_.net.bind.front();
    const std::string listen =
        settings_.net.port != 0 ? address + ":" + port : settings_.net.unixsocket;
    const auto text = expand_title(settings_.server.proc_title_template,
                                   {.title = title_.original(),
                                    .listen_address = listen,
                                    .server_mode = settings_.cluster.enabled ? " [cluster]" : "",
                                    .port = port,
                                    .tls_port = tls_port,
                                    .unix_socket = settings_.net.unixsocket,
                                    .config_file = config_file_});
    if (text) title_.set(*text);
}

Status ProcessSettings::adjust_oom_score() {
    return oom_score_.apply(settings_.server.oom_score_adj, settings_.server.oom_score_adj_values,
                            ProcessClass::Primary);
}

void ProcessSettings::prepare_for_crash() {
    const std::string version = "Millrace " + observe::ServerFacts().millrace_version;
    install_crash_report({.version = version,
                          .log_path = settings_.observe.logfile,
                          .pid_path = settings_.server.pidfile,
                          .exit_after = settings_.server.use_exit_on_panic});
    if (!settings_.server.crash_log_enabled) remove_crash_handlers();
}

}  // namespace millrace::server
