// SPDX-License-Identifier: BSD-3-Clause
//
// Users as text: the arguments of ACL SETUSER, the `user` lines of the configuration file, and the
// ACL file.
//
// Threads: main thread.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/acl/user.h"

namespace millrace::engine::acl {

using UserTable = std::map<std::string, std::shared_ptr<User>, std::less<>>;

// Neither blanks nor NUL bytes.
bool is_good_name(std::string_view name);

// The user that every server has, as it is until somebody changes it.
User make_default_user(const RuleContext& context);

// Joins what the blanks inside of "(...)" have torn apart. `unmatched` gets the first word of a
// selector that is not closed; false then.
bool join_selectors(std::span<const std::string_view> words, std::vector<std::string>& rules,
                    std::string& unmatched);

// One `user name rules...` of the configuration file, not yet looked into further than what can be
// wrong in any server.
struct UserDeclaration {
    std::string name;
    std::vector<std::string> rules;
};
Status declare_user(std::span<const std::string> words, const RuleContext& context,
                    std::vector<UserDeclaration>& declared);

// The users of an ACL file. The error tells everything that is wrong with it.
Result<UserTable> parse_users(std::string_view text, std::string_view file_name,
                              const RuleContext& context);

// What parse_users() takes.
std::string print_users(const UserTable& users);

}  // namespace millrace::engine::acl
