// SPDX-License-Identifier: BSD-3-Clause
//
// One set of rights: commands together with the keys, channels and databases that they may touch.
// A user has one of his own and any number in parentheses; a request must be covered by one of them
// as a whole.
//
//     ~pattern  %R~pattern  %W~pattern  allkeys  resetkeys      keys
//     &pattern  allchannels  resetchannels                      channels
//     db=0,3  alldbs  resetdbs                                  databases
//     +command  -command  +@category  -@category ...            commands (command_rights.h)
//
// Owner:     User.
// Threads:   main thread.
// Invariant: applying the words of print() to a new selector gives an equal one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/acl/command_rights.h"

namespace millrace::engine::acl {

enum KeyRight : uint8_t { kReadKey = 1, kWriteKey = 2 };

class Selector {
public:
    Selector(const CommandRegistry& commands, bool all_channels)
        : commands_(commands), all_channels_(all_channels) {}

    Status apply(std::string_view rule);

    bool is_unlimited() const {
        return commands_.allows_all() && all_keys_ && all_channels_ && all_databases_;
    }
    const CommandRights& commands() const { return commands_; }
    // Whether one pattern grants all of `rights`, KeyRight bits, on the key.
    bool allows_key(std::string_view key, uint8_t rights) const;
    bool allows_all_keys(uint8_t rights) const;
    bool has_all_keys() const { return all_keys_; }
    // A pattern to subscribe to must stand among the rules as it is.
    bool allows_channel(std::string_view name, bool is_pattern) const;
    bool allows_database(int number) const;
    bool allows_all_databases(int count) const;

    std::string print() const;
    std::string print_keys() const;
    std::string print_channels() const;
    std::string print_databases() const;

    bool operator==(const Selector&) const = default;

private:
    struct KeyPattern {
        uint8_t rights;
        std::string pattern;
        bool operator==(const KeyPattern&) const = default;
    };

    bool apply_word(std::string_view rule);
    Status add_key_pattern(std::string_view rule);
    Status add_channel(std::string_view pattern);
    Status set_databases(std::string_view list);

    CommandRights commands_;
    bool all_keys_ = false;
    bool all_channels_;
    bool all_databases_ = true;
    std::vector<KeyPattern> keys_;
    std::vector<std::string> channels_;
    std::vector<int> databases_;  // In rising order, each once.
};

}  // namespace millrace::engine::acl
