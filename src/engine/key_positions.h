// SPDX-License-Identifier: BSD-3-Clause
//
// Which arguments of a request are keys, and what the command does to each: one extraction for ACL,
// cluster routing, client-side caching, COMMAND GETKEYS and whoever else asks.
//
// Threads: any; touches only its arguments.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "engine/command_registry.h"

namespace millrace::engine {

class KeyPositions {
public:
    void add(int at, uint32_t flags) { found_.push_back({at, flags}); }
    void clear() { found_.clear(); }
    std::span<const KeyPosition> all() const { return found_; }
    bool empty() const { return found_.empty(); }

private:
    std::vector<KeyPosition> found_;
};

// Appends the keys of a request whose arity has been checked. False when the arguments make no
// sense as keys (a count that is no number, say); `found` is then to be ignored.
bool find_keys(const Command& command, std::span<const std::string_view> arguments,
               KeyPositions& found);

}  // namespace millrace::engine
