// SPDX-License-Identifier: BSD-3-Clause
#include "server/startup.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string_view>
#include <vector>

#include "base/cycle_clock.h"
#include "base/log.h"
#include "config/command_line.h"
#include "config/file.h"
#include "observe/server_facts.h"
#include "server/daemon.h"
#include "threads/cpu_list.h"

namespace millrace::server {
namespace {

using observe::ServerFacts;

std::string absolute(const std::string& path) {
    if (path.empty() || path.starts_with('/')) return path;
    char* here = getcwd(nullptr, 0);
    if (here == nullptr) return path;
    std::string whole = std::string(here) + "/" + path;
    std::free(here);
    return whole;
}

std::string executable_path(const char* fallback) {
    char path[4096];
    const ssize_t length = readlink("/proc/self/exe", path, sizeof path);
    return length > 0 ? std::string(path, static_cast<size_t>(length)) : absolute(fallback);
}

void print_version() {
    const ServerFacts facts;
    std::printf("Millrace server v=%s sha=%s:%d malloc=jemalloc bits=64 build=%s valkey=%s\n",
                facts.millrace_version.c_str(), facts.git_sha1.c_str(), facts.git_dirty ? 1 : 0,
                facts.build_id.c_str(), ServerFacts::kValkeyVersion);
}

void print_help(FILE* out) {
    std::fputs(
        "Usage: millrace-server [configuration file] [options] [-]\n"
        "\n"
        "  millrace-server                           serve with the default settings\n"
        "  millrace-server millrace.conf             read a configuration file first\n"
        "  millrace-server - --port 7000             read it from standard input\n"
        "  millrace-server --port 7000 --maxclients 100\n"
        "                                            every directive of the file is an option, "
        "too\n"
        "  millrace-server --version, --help\n",
        out);
}

// Names of the log's settings that differ from what was set up to print early messages.
Status open_log(const observe::Settings& settings) {
    set_log_level(settings.loglevel);
    set_log_format(settings.log_format);
    set_log_timestamp(settings.log_timestamp_format);
    if (!settings.logfile.empty()) TRY(set_log_file(settings.logfile));
    if (settings.syslog_enabled) TRY(open_syslog(settings.syslog_ident, settings.syslog_facility));
    return done();
}

bool report(const std::optional<config::LoadError>& error) {
    if (!error) return false;
    const std::string text = error->print(ServerFacts::kValkeyVersion);
    if (error->for_log) {
        log_warning("{}", text);
    } else {
        std::fputs(text.c_str(), stderr);
    }
    return true;
}

}  // namespace

bool prepare_start(int argc, char** argv, config::Registry& registry, AllSettings& settings,
                   StartPlan& plan, int& exit_code) {
    exit_code = 1;
    const std::vector<std::string_view> arguments(argv + 1, argv + argc);
    const config::CommandLine line = config::parse_command_line(arguments);
    switch (line.task) {
        case config::Task::PrintVersion:
            print_version();
            exit_code = 0;
            return false;
        case config::Task::PrintHelp:
            print_help(stdout);
            exit_code = 0;
            return false;
        case config::Task::TestMemory:
        case config::Task::CheckSystem:
            std::fputs(
                "millrace-server has no memory or system test; use the tools of the system.\n",
                stderr);
            return false;
        case config::Task::Serve:
            break;
    }
    if (line.sentinel) {
        std::fputs("millrace-server cannot run as a Sentinel yet.\n", stderr);
        return false;
    }
    plan.executable = executable_path(argv[0]);
    plan.config_file = absolute(line.path);
    config::Sources sources{
        .path = plan.config_file, .standard_input = {}, .options = line.options};
    if (line.standard_input) {
        auto text = config::read_standard_input();
        if (!text.ok()) {
            std::fprintf(stderr, "%s\n", std::string(text.error().text()).c_str());
            return false;
        }
        sources.standard_input = std::move(text).value();
    }
    if (report(config::load(registry, sources)) || report(check_settings(settings))) return false;
    const std::vector<std::string> refusals = missing_subsystem_refusals(settings);
    for (const std::string& text : refusals) log_warning("{}", text);
    if (!refusals.empty()) return false;
    exit_code = 0;
    return true;
}

Status settle_process(const AllSettings& settings) {
    TRY(open_log(settings.observe));
    const Supervised supervised = begin_supervision(settings.server.supervised);
    if (settings.server.daemonize && supervised == Supervised::No) TRY(go_to_background());
    if (settings.server.daemonize || !settings.server.pidfile.empty()) {
        const std::string path =
            settings.server.pidfile.empty() ? "/var/run/valkey.pid" : settings.server.pidfile;
        const Status written = write_pid_file(path);
        if (!written.ok()) log_warning("{}", written.error().text());
    }
    // Before the cores are counted, and before any other thread starts, which takes after this one.
    const std::string& cores = settings.server.server_cpulist;
    if (!cores.empty() && !threads::stay_on(cores))
        log_warning("server-cpulist: cannot run on the cores '{}'", cores);
    return done();
}

namespace {

// Compat: tools and test harnesses look for the PID in the start-up picture.
void show_picture(const AllSettings& settings) {
    std::string mode = settings.cluster.enabled ? "cluster" : "standalone";
    log_raw(
        fmt::format("\n"
                    "        __|__         Millrace {} (Valkey {}) 64 bit\n"
                    "     .-'  |  '-.\n"
                    "    /\\    |    /\\     Running in {} mode\n"
                    "   |  '.  |  .'  |    Port: {}\n"
                    "   |----( o )----|    PID: {}\n"
                    "   |  .'  |  '.  |\n"
                    "    \\/    |    \\/\n"
                    "  ~~~'-.__|__.-'~~~~~~~~~~~~~~~~~~~~~~~~~~\n\n",
                    ServerFacts().millrace_version, ServerFacts::kValkeyVersion, mode,
                    settings.net.port, getpid()));
}

void warn_of_limits(const AllSettings& settings) {
    std::ifstream file("/proc/sys/net/core/somaxconn");
    int64_t highest = 0;
    if (file >> highest && highest > 0 && highest < settings.net.tcp_backlog) {
        log_warning(
            "WARNING: The TCP backlog setting of {} cannot be enforced because "
            "/proc/sys/net/core/somaxconn is set "
            "to the lower value of {}.",
            settings.net.tcp_backlog, highest);
    }
    for (const std::string& text : missing_subsystem_warnings(settings)) log_warning("{}", text);
}

}  // namespace

void say_hello(const AllSettings& settings, const StartPlan& plan) {
    const ServerFacts facts;
    log_notice("oO0OoO0OoO0Oo Millrace is starting oO0OoO0OoO0Oo");
    log_notice(
        "Valkey version={}, Millrace version={}, bits=64, commit={}, modified={}, pid={}, just "
        "started",
        ServerFacts::kValkeyVersion, facts.millrace_version, facts.git_sha1,
        facts.git_dirty ? 1 : 0, getpid());
    if (plan.config_file.empty()) {
        log_warning(
            "Warning: no config file specified, using the default config. In order to specify a "
            "config file use {} "
            "/path/to/millrace.conf",
            plan.executable);
    } else {
        log_notice("Configuration loaded");
    }
    const bool terminal = settings.observe.logfile.empty() && isatty(STDOUT_FILENO) != 0;
    if (settings.server.always_show_logo || terminal) {
        show_picture(settings);
    } else {
        log_notice("Running mode={}, port={}.", settings.cluster.enabled ? "cluster" : "standalone",
                   settings.net.port);
    }
    warn_of_limits(settings);
}

}  // namespace millrace::server
