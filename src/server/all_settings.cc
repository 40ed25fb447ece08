// SPDX-License-Identifier: BSD-3-Clause
#include "server/all_settings.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

namespace millrace::server {
namespace {

// Words of older versions, each with one argument.
constexpr std::string_view kIgnored[] = {
    "list-max-ziplist-entries",
    "list-max-ziplist-value",
    "lua-replicate-commands",
    "io-threads-do-reads",
    "dynamic-hz",
    "events-per-io-thread",
    "sanitize-dump-payload",
};

using Taker = std::function<Status(config::Words words)>;

// `taker`, or one that says that there is none.
Taker or_refusal(Taker taker, std::string_view name) {
    if (taker) return taker;
    return [name](config::Words) -> Status {
        return Error(fmt::format("'{}' is not supported by this version of Millrace", name));
    };
}

Status refuse_sentinel(config::Words words) {
    // Compat: the word alone, which --sentinel leaves behind, means nothing.
    if (words.empty()) return done();
    return Error("sentinel directive while not in sentinel mode");
}

std::string not_built(std::string_view name, std::string_view what) {
    return fmt::format("'{}' needs {}, which this version of Millrace does not have", name, what);
}

std::string no_effect(std::string_view name, std::string_view reason) {
    return fmt::format("'{}' has no effect in this version of Millrace: {}", name, reason);
}

Status try_log_file(const std::string& path) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) {
        const int code = errno;
        return Error(fmt::format("Can't open the log file: {}", std::strerror(code)), code);
    }
    ::close(fd);
    return done();
}

}  // namespace

void register_all_settings(config::Registry& registry, AllSettings& settings) {
    server::register_settings(registry, settings.server);
    observe::register_settings(registry, settings.observe);
    net::register_settings(registry, settings.net);
    threads::register_settings(registry, settings.threads);
    keyspace::register_settings(registry, settings.keyspace);
    engine::register_settings(registry, settings.engine);
    scripting::register_settings(registry, settings.scripting);
    persistence::register_settings(registry, settings.persistence);
    replication::register_settings(registry, settings.replication);
    cluster::register_settings(registry, settings.cluster);
}

void register_directives(config::Registry& registry, DirectiveTakers takers) {
    for (std::string_view name : kIgnored) {
        registry.add_directive({.name = name, .words_min = 1, .words_max = 1, .kept = false});
    }
    registry.add_directive({.name = "user",
                            .load = or_refusal(std::move(takers.user), "user"),
                            .write = std::move(takers.user_lines)});
    registry.add_directive(
        {.name = "rename-command",
         .words_min = 2,
         .words_max = 2,
         .load = or_refusal(std::move(takers.rename_command), "rename-command")});
    registry.add_directive(
        {.name = "loadmodule", .load = or_refusal(std::move(takers.load_module), "loadmodule")});
    registry.add_directive(
        {.name = "sentinel",
         .words_min = 0,
         .load = takers.sentinel ? std::move(takers.sentinel) : Taker(refuse_sentinel)});
}

std::optional<config::LoadError> check_settings(const AllSettings& settings) {
    if (settings.cluster.enabled && !settings.replication.replicaof.host.empty()) {
        return config::LoadError{.message = "replicaof directive not allowed in cluster mode"};
    }
    if (!settings.observe.logfile.empty()) {
        const Status opened = try_log_file(settings.observe.logfile);
        if (!opened.ok()) return config::LoadError{.message = std::string(opened.error().text())};
    }
    return std::nullopt;
}

std::vector<std::string> missing_subsystem_refusals(const AllSettings& settings) {
    std::vector<std::string> lines;
    const auto refuse = [&lines](bool wanted, std::string_view name, std::string_view what) {
        if (wanted) lines.push_back(not_built(name, what));
    };
    refuse(settings.net.tls.port != 0, "tls-port", "TLS");
    refuse(settings.net.tls.cluster, "tls-cluster", "TLS");
    refuse(settings.net.tls.replication, "tls-replication", "TLS");
    refuse(settings.net.rdma_port != 0, "rdma-port", "RDMA");
    refuse(!settings.net.rdma_bind.empty(), "rdma-bind", "RDMA");
    refuse(!settings.replication.primaryauth.empty(), "primaryauth", "replication");
    refuse(!settings.replication.primaryuser.empty(), "primaryuser", "replication");
    refuse(!settings.replication.replicaof.host.empty(), "replicaof", "replication");
    refuse(settings.cluster.enabled, "cluster-enabled", "cluster mode");
    return lines;
}

std::vector<std::string> missing_subsystem_warnings(const AllSettings& settings) {
    std::vector<std::string> lines;
    const auto warn = [&lines](bool wanted, std::string_view name, std::string_view reason) {
        if (wanted) lines.push_back(no_effect(name, reason));
    };
    warn(!settings.net.tls.cert_file.empty(), "tls-cert-file", "there is no TLS");
    return lines;
}

void refuse_missing_subsystems(config::Registry& registry, const AllSettings& settings) {
    const net::TlsSettings& tls = settings.net.tls;
    registry.on_change({"tls-port", "tls-cluster", "tls-replication"}, [&tls]() -> Status {
        if (tls.port == 0 && !tls.cluster && !tls.replication) return done();
        return Error("Unable to update TLS configuration. Check server logs.");
    });
}

}  // namespace millrace::server
