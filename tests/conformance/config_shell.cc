// SPDX-License-Identifier: BSD-3-Clause
//
// The settings of the server without the server, for config_diff.py: starts like it with the
// arguments it gets, then answers lines on standard input.
//
//     get PATTERN...          names and values, quoted, one a line, then "."
//     set NAME VALUE...       "OK" or the error
//     rewrite | rewrite-all   "OK" or the error; writes the file it was started with
//
// A refused configuration goes to standard error, and the exit code is 1.
#include <cstdio>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "base/quote.h"
#include "config/command_line.h"
#include "config/file.h"
#include "config/registry.h"
#include "config/rewrite.h"
#include "server/all_settings.h"

namespace millrace {
namespace {

constexpr std::string_view kVersion = "9.1.2";

using Views = std::vector<std::string_view>;

int fail(const config::LoadError& error) {
    std::fputs(error.print(kVersion).c_str(), error.for_log ? stdout : stderr);
    return 1;
}

void get(const config::Registry& registry, const Views& patterns) {
    for (const auto& [name, value] : registry.get(patterns)) {
        std::cout << quote(name) << ' ' << quote(value) << '\n';
    }
    std::cout << ".\n";
}

void print(const Status& status) {
    std::cout << (status.ok() ? "OK" : status.error().text()) << '\n';
}

void set(config::Registry& registry, const server::AllSettings& settings, const Views& words) {
    std::vector<config::Assignment> assignments;
    for (size_t i = 0; i + 1 < words.size(); i += 2) {
        assignments.push_back({words[i], words[i + 1]});
    }
    const bool allowed = settings.engine.enable_protected_configs != engine::LocalAccess::No;
    print(registry.set(assignments, {.loading = false, .protected_allowed = allowed}));
}

void answer(config::Registry& registry, const server::AllSettings& settings,
            const std::string& path, std::string_view line) {
    auto words = split_arguments(line);
    if (!words.ok() || words->empty()) return;
    const std::string& command = words->front();
    const Views arguments(words->begin() + 1, words->end());
    if (command == "get") get(registry, arguments);
    if (command == "set") set(registry, settings, arguments);
    if (command == "rewrite") {
        print(config::rewrite_file(registry, path, config::RewriteScope::Changed));
    }
    if (command == "rewrite-all") {
        print(config::rewrite_file(registry, path, config::RewriteScope::All));
    }
    std::cout << std::flush;
}

int run(const Views& arguments) {
    config::Registry registry;
    server::AllSettings settings;
    server::register_all_settings(registry, settings);
    server::register_directives(registry, {});
    server::refuse_missing_subsystems(registry, settings);

    const config::CommandLine line = config::parse_command_line(arguments);
    config::Sources sources{.path = line.path, .standard_input = {}, .options = line.options};
    if (line.standard_input) {
        auto input = config::read_standard_input();
        if (input.ok()) sources.standard_input = std::move(input).value();
    }
    if (auto error = config::load(registry, sources)) return fail(*error);
    if (auto error = server::check_settings(settings)) return fail(*error);
    if (line.standard_input) return 0;

    std::string request;
    while (std::getline(std::cin, request)) answer(registry, settings, line.path, request);
    return 0;
}

}  // namespace
}  // namespace millrace

int main(int argc, char** argv) {
    return millrace::run({argv + 1, argv + argc});
}
