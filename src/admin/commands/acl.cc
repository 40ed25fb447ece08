// SPDX-License-Identifier: BSD-3-Clause
//
// ACL: users and what they may do. The handlers are in admin/acl/.

#include "admin/acl/handlers.h"
#include "engine/command.h"

namespace millrace::admin::commands::acl {
namespace {

using namespace engine;
namespace handlers = admin::acl;

constexpr uint64_t kFlags = kNoScript | kLoading | kStale | kSentinel;
constexpr uint64_t kAdminFlags = kFlags | kAdmin;

constexpr std::string_view kAllNodes[] = {
    "request_policy:all_nodes",
    "response_policy:all_succeeded",
};
constexpr Arg kCategory[] = {{.name = "category", .type = ArgType::String, .flags = kOptional}};
constexpr Arg kUser[] = {{"username", ArgType::String}};
constexpr Arg kUsers[] = {{.name = "username", .type = ArgType::String, .flags = kMultiple}};
constexpr Arg kUserAndCommand[] = {
    {"username", ArgType::String},
    {"command", ArgType::String},
    {.name = "arg", .type = ArgType::String, .flags = kOptional | kMultiple},
};
constexpr Arg kBits[] = {{.name = "bits", .type = ArgType::Integer, .flags = kOptional}};
constexpr Arg kLogOperations[] = {
    {"count", ArgType::Integer},
    {.name = "reset", .type = ArgType::PureToken, .token = "RESET"},
};
constexpr Arg kLogOperation[] = {
    {.name = "operation",
     .type = ArgType::OneOf,
     .flags = kOptional,
     .children = kLogOperations},
};
constexpr Arg kUserAndRules[] = {
    {"username", ArgType::String},
    {.name = "rule", .type = ArgType::String, .flags = kOptional | kMultiple},
};
constexpr HistoryEntry kGetuserHistory[] = {
    {"6.2.0", "Shows patterns of channels."},
    {"7.0.0", "Shows selectors, and patterns as rules."},
    {"9.1.0", "Shows databases."},
};
constexpr HistoryEntry kLogHistory[] = {
    {"7.2.0", "Entries have an ID and the times of their first and last event."},
};
constexpr HistoryEntry kSetuserHistory[] = {
    {"6.2.0", "Takes patterns of channels."},
    {"7.0.0", "Takes selectors, and patterns of keys to read or to write."},
    {"9.1.0", "Takes rules on databases."},
};

constexpr CommandSpec kSubcommands[] = {
    {.name = "CAT",
     .summary = "Lists the categories, or the commands of one.",
     .since = "6.0.0",
     .group = Group::Server,
     .complexity = "O(1)",
     .arity = -2,
     .flags = kFlags,
     .args = kCategory,
     .run = handlers::cat},
    {.name = "DELUSER",
     .summary = "Removes users and closes their connections.",
     .since = "6.0.0",
     .group = Group::Server,
     .complexity = "O(N) with N connections",
     .arity = -3,
     .flags = kAdminFlags,
     .args = kUsers,
     .tips = kAllNodes,
     .run = handlers::deluser},
    {.name = "DRYRUN",
     .summary = "Tells whether a user may run a command.",
     .since = "7.0.0",
     .group = Group::Server,
     .complexity = "O(1)",
     .arity = -4,
     .flags = kAdminFlags,
     .args = kUserAndCommand,
     .run = handlers::dryrun},
    {.name = "GENPASS",
     .summary = "Makes a random password.",
     .since = "6.0.0",
     .group = Group::Server,
     .complexity = "O(1)",
     .arity = -2,
     .flags = kFlags,
     .args = kBits,
     .run = handlers::genpass},
    {.name = "GETUSER",
     .summary = "Shows the rules of a user.",
     .since = "6.0.0",
     .group = Group::Server,
     .complexity = "O(N) with N rules",
     .arity = 3,
     .flags = kAdminFlags,
     .args = kUser,
     .history = kGetuserHistory,
     .run = handlers::getuser},
    {.name = "HELP",
     .summary = "Prints help on the subcommands.",
     .since = "6.0.0",
     .group = Group::Server,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kLoading | kStale | kSentinel,
     .run = handlers::help},
    {.name = "LIST",
     .summary = "Shows all users as the ACL file has them.",
     .since = "6.0.0",
     .group = Group::Server,
     .complexity = "O(N) with N users",
     .arity = 2,
     .flags = kAdminFlags,
     .run = handlers::list},
    {.name = "LOAD",
     .summary = "Reads the users from the ACL file again.",
     .since = "6.0.0",
     .group = Group::Server,
     .complexity = "O(N) with N users",
     .arity = 2,
     .flags = kAdminFlags,
     .run = handlers::load},
    {.name = "LOG",
     .summary = "Shows what was refused lately.",
     .since = "6.0.0",
     .group = Group::Server,
     .complexity = "O(N) with N entries shown",
     .arity = -2,
     .flags = kAdminFlags,
     .args = kLogOperation,
     .history = kLogHistory,
     .run = handlers::log},
    {.name = "SAVE",
     .summary = "Writes the users to the ACL file.",
     .since = "6.0.0",
     .group = Group::Server,
     .complexity = "O(N) with N users",
     .arity = 2,
     .flags = kAdminFlags,
     .tips = kAllNodes,
     .run = handlers::save},
    {.name = "SETUSER",
     .summary = "Adds a user, or changes the rules of one.",
     .since = "6.0.0",
     .group = Group::Server,
     .complexity = "O(N) with N rules",
     .arity = -3,
     .flags = kAdminFlags,
     .args = kUserAndRules,
     .tips = kAllNodes,
     .history = kSetuserHistory,
     .run = handlers::setuser},
    {.name = "USERS",
     .summary = "Lists the names of all users.",
     .since = "6.0.0",
     .group = Group::Server,
     .complexity = "O(N) with N users",
     .arity = 2,
     .flags = kAdminFlags,
     .run = handlers::users},
    {.name = "WHOAMI",
     .summary = "Tells the name of the user that the connection is.",
     .since = "6.0.0",
     .group = Group::Server,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kFlags,
     .run = handlers::whoami},
};

constexpr CommandSpec kCommands[] = {
    {.name = "ACL",
     .summary = "Manages users and what they may do.",
     .since = "6.0.0",
     .group = Group::Server,
     .complexity = "Depends on the subcommand.",
     .arity = -2,
     .flags = kSentinel,
     .subcommands = kSubcommands},
};

}  // namespace

extern const CommandTable kTable{kCommands};

}  // namespace millrace::admin::commands::acl
