// SPDX-License-Identifier: BSD-3-Clause
//
// millrace-server: options, settings, server, run, stop.
#include <csignal>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "server/server.h"

namespace {
millrace::server::Server* running = nullptr;
void on_stop_signal(int signal) { running->request_stop(signal); }
}  // namespace

int main(int argc, char** argv) {
    using namespace millrace;
    server::AllSettings settings;
    config::Registry registry;
    server::register_all_settings(registry, settings);
    std::vector<std::string> words;
    const auto load = [&] {
        if (words.empty()) return;
        const Status status = registry.load(words);
        if (!status.ok()) std::fprintf(stderr, "%s: %s\n", words[0].c_str(), std::string(status.error().text()).c_str());
        words.clear();
    };
    for (int i = 1; i < argc; ++i) {
        std::string word = argv[i];
        if (word.starts_with("--")) {
            load();
            word = word.substr(2);
        }
        words.push_back(word);
    }
    load();
    server::Server server(settings, registry, argv[0], "");
    running = &server;
    std::signal(SIGTERM, on_stop_signal);
    std::signal(SIGINT, on_stop_signal);
    std::signal(SIGPIPE, SIG_IGN);
    if (!server.start().ok()) return 1;
    const RoleScope role(main_thread);
    return server.run();
}
