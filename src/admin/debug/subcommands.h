// SPDX-License-Identifier: BSD-3-Clause
//
// The subcommands of DEBUG, by theme. They are no commands of their own: COMMAND knows only DEBUG.
//
// Threads: main thread.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "engine/call.h"

namespace millrace::admin::debug {

struct Subcommand {
    std::string_view name;  // Upper case.
    size_t words_min;       // DEBUG and the name included.
    size_t words_max;
    Status (*run)(engine::Call& call);
};

std::span<const Subcommand> digest_subcommands();
std::span<const Subcommand> key_subcommands();
std::span<const Subcommand> protocol_subcommands();
std::span<const Subcommand> server_subcommands();
std::span<const Subcommand> switch_subcommands();

// Compat: switches take any word; what is no number counts as 0.
bool is_on(std::string_view word);

// Compat: what Valkey answers to anything that DEBUG does not know.
Error unknown_subcommand(std::string_view name);

}  // namespace millrace::admin::debug
