// SPDX-License-Identifier: BSD-3-Clause
//
// The users that a server starts with.
#include <fmt/format.h>

#include "admin/acl/users_file.h"
#include "base/log.h"
#include "engine/acl/access_control.h"
#include "engine/acl/rule_text.h"
#include "server/server.h"

namespace millrace::server {
namespace {

using engine::acl::AccessControl;
using engine::acl::User;
using engine::acl::UserDeclaration;

constexpr ErrorText kFileAndLines{
    "Users are declared in the configuration, and it names an ACL file as well. Only one of the "
    "two can be right; please put all users in one place."};

Status add_declared(AccessControl& access, const UserDeclaration& declared) {
    if (!engine::acl::is_good_name(declared.name)) {
        return ErrorText{"Spaces are not allowed in the names of users"};
    }
    const engine::acl::RuleContext context = access.context();
    User user(declared.name, context);
    for (const std::string& rule : declared.rules) {
        const Status status = user.apply(rule, context);
        if (status.ok()) continue;
        return Error(fmt::format("Error loading ACL rule '{}' for the user named '{}': {}", rule,
                                 declared.name, status.error().text()));
    }
    if (!user.enabled()) {
        log_notice("The user '{}' is disabled: no 'on' in its line. Is that meant so?",
                   declared.name);
    }
    access.put(std::move(user));
    return done();
}

}  // namespace

Status Server::load_users() {
    AccessControl& access = engine_.access();
    if (!settings_.engine.requirepass.empty()) {
        access.set_default_password(settings_.engine.requirepass);
    }
    const std::string& path = settings_.engine.aclfile;
    if (!path.empty() && !plan_.users.empty()) return kFileAndLines;
    if (path.empty()) {
        for (const UserDeclaration& declared : plan_.users) TRY(add_declared(access, declared));
        return done();
    }
    auto users = admin::acl::read_users_file(path, access.context());
    if (!users.ok()) {
        return Error(
            fmt::format("Aborting startup because of ACL errors: {}", users.error().text()));
    }
    access.replace_all(std::move(users).value());
    return done();
}

std::vector<std::string> Server::user_lines() {
    std::vector<std::string> lines;
    if (!settings_.engine.aclfile.empty()) return lines;
    for (const auto& [name, user] : engine_.access().users()) {
        lines.push_back(engine::acl::quote_words(name + " " + user->print(), false));
    }
    return lines;
}

}  // namespace millrace::server
