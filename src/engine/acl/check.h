// SPDX-License-Identifier: BSD-3-Clause
//
// Whether a user may do something: a request against the selectors of the user.
//
// Threads: main thread; touches only its arguments.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/acl/user.h"
#include "engine/command_registry.h"

namespace millrace::engine::acl {

// In the order of what tells most, if several selectors refuse for different reasons.
enum class DenialReason : uint8_t { Database, Command, Key, Channel };

struct Denial {
    DenialReason reason;
    size_t at = 0;  // The argument that names what is refused; 0: the command as a whole.
};

struct Attempt {
    const Command& command;
    std::span<const std::string_view> arguments;  // Of the right number.
    int database;
    int database_count;
};

std::optional<Denial> find_denial(const User& user, const Attempt& attempt);

// Without NOPERM before it.
std::string denial_text(const Denial& denial, const User& user, const Attempt& attempt);
// For ACL DRYRUN: with the name of what is refused.
std::string detailed_denial_text(const Denial& denial, const User& user, const Attempt& attempt);

// The name of what is refused.
std::string_view object_of(const Denial& denial, const Attempt& attempt);

}  // namespace millrace::engine::acl
