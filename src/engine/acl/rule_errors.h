// SPDX-License-Identifier: BSD-3-Clause
//
// Why a rule is refused: what ACL SETUSER, the configuration file and the ACL file say of it.
//
// Threads: constants, read anywhere.
#pragma once

#include "base/result.h"

namespace millrace::engine::acl::rule_errors {

inline constexpr ErrorText kSyntax{"Syntax error"};
inline constexpr ErrorText kUnknownCommand{"Unknown command or category name in ACL"};
inline constexpr ErrorText kFirstArgumentOfSubcommand{
    "Allowing first-arg of a subcommand is not supported"};
inline constexpr ErrorText kPatternAfterAllKeys{
    "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have "
    "any effect. Try 'resetkeys' to start with an empty list of patterns"};
inline constexpr ErrorText kPatternAfterAllChannels{
    "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not "
    "have any effect. Try 'resetchannels' to start with an empty list of channels"};
inline constexpr ErrorText kDatabaseOutOfRange{"The provided database ID is out of range"};
inline constexpr ErrorText kNoSuchPassword{
    "The password you are trying to remove from the user does not exist"};
inline constexpr ErrorText kBadPasswordHash{
    "The password hash must be exactly 64 characters and contain only lowercase hexadecimal "
    "characters"};
inline constexpr ErrorText kDuplicateUser{
    "Duplicate user found. A user can only be defined once in config files"};

}  // namespace millrace::engine::acl::rule_errors
