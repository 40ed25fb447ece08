// SPDX-License-Identifier: BSD-3-Clause
//
// The arguments of the server program, after its name.
//
//     [FILE] [-] [--NAME VALUE ...] [--NAME VALUE ...] [-]
//
// Each `--NAME` begins a line of configuration, and the arguments behind it are its words, quoted
// as needed. The argument right behind a bare `--NAME` is always a value, also when it begins with
// "--". A `-` as the first or the last argument stands for standard input.
//
// Threads: any.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace millrace::config {

enum class Task { Serve, PrintVersion, PrintHelp, TestMemory, CheckSystem };

struct CommandLine {
    Task task = Task::Serve;
    std::string path;  // The configuration file; empty: none.
    bool standard_input = false;
    bool sentinel = false;  // --sentinel is among the arguments.
    std::string options;    // Lines of configuration.
    std::string argument;   // Of --test-memory.
};

CommandLine parse_command_line(std::span<const std::string_view> arguments);

}  // namespace millrace::config
