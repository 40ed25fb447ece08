// SPDX-License-Identifier: BSD-3-Clause
//
// Which commands somebody may run: the rules that begin with '+' and '-'.
//
//     +get  -config|set  +select|0  +@read  -@dangerous  +@all
//
// Kept twice: as a bit for each command, which requests are checked against, and as the rules that
// led there, which are shown and saved. A rule drops the earlier ones that it makes meaningless.
//
// Owner:     Selector.
// Threads:   main thread.
// Invariant: applying the rules of print() in their order to new rights gives equal rights.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "engine/command_registry.h"

namespace millrace::engine::acl {

class CommandRights {
public:
    explicit CommandRights(const CommandRegistry& commands);

    // `rule` begins with '+' or '-'.
    Status apply(std::string_view rule);
    // +@all and -@all: forgets all rules before.
    void set_all(bool allowed);

    bool allows_all() const { return all_; }
    bool allows(const Command& command, std::span<const std::string_view> arguments) const;

    // "-@all +@read -get": whether commands of the future are allowed, then the rules.
    std::string print() const;

    bool operator==(const CommandRights&) const = default;

private:
    Status apply_category(bool allowed, std::string_view name);
    Status apply_command(bool allowed, std::string_view name);
    Status allow_first_argument(std::string_view name);
    void set(const Command& command, bool allowed);
    void note(char sign, std::string_view name);

    const CommandRegistry* commands_;
    std::vector<bool> allowed_;  // By the command's id.
    bool all_ = false;           // All of them, and those of the future.
    bool future_ = false;
    // What a command that is not allowed may still have as its first argument, in lower case.
    std::set<std::pair<uint32_t, std::string>> first_arguments_;
    std::vector<std::string> rules_;  // As shown; without +@all and -@all.
};

}  // namespace millrace::engine::acl
