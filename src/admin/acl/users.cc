// SPDX-License-Identifier: BSD-3-Clause
//
// ACL GETUSER, SETUSER, DELUSER, LIST, USERS, WHOAMI.

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "admin/acl/handlers.h"
#include "admin/client/listing.h"
#include "base/token.h"
#include "engine/acl/access_control.h"

namespace millrace::admin::acl {

using engine::Call;
using engine::ReplyWriter;
using engine::acl::AccessControl;
using engine::acl::Selector;
using engine::acl::User;

namespace {

constexpr ErrorText kBadName{"ERR Usernames can't contain spaces or null characters"};
constexpr ErrorText kDefaultStays{"ERR The 'default' user cannot be removed"};

void reply_selector(ReplyWriter& reply, const Selector& selector) {
    reply.bulk("commands");
    reply.bulk(selector.commands().print());
    reply.bulk("keys");
    reply.bulk(selector.print_keys());
    reply.bulk("channels");
    reply.bulk(selector.print_channels());
    reply.bulk("databases");
    reply.bulk(selector.print_databases());
}

}  // namespace

Status getuser(Call& call) {
    ReplyWriter& reply = call.reply();
    const auto user = call.engine().access().find(call.arg(2));
    if (user == nullptr) {
        reply.null();
        return done();
    }
    reply.map(7);
    reply.bulk("flags");
    reply.set(user->has_no_password() ? 2 : 1);
    reply.bulk(user->enabled() ? "on" : "off");
    if (user->has_no_password()) reply.bulk("nopass");
    reply.bulk("passwords");
    reply.array(user->password_hashes().size());
    for (const std::string& hash : user->password_hashes()) reply.bulk(hash);
    reply_selector(reply, user->selectors().front());
    reply.bulk("selectors");
    reply.array(user->selectors().size() - 1);
    for (size_t at = 1; at < user->selectors().size(); ++at) {
        reply.map(4);
        reply_selector(reply, user->selectors()[at]);
    }
    return done();
}

// All rules, or none if one is refused.
Status setuser(Call& call) {
    for (size_t at = 2; at < call.count(); ++at) call.redact(at);
    const std::string_view name = call.arg(2);
    if (!engine::acl::is_good_name(name)) return kBadName;
    std::vector<std::string> rules;
    std::string unmatched;
    if (!engine::acl::join_selectors(call.arguments().subspan(3), rules, unmatched)) {
        return Error(
            fmt::format("ERR Unmatched parenthesis in acl selector starting at '{}'.", unmatched));
    }
    AccessControl& access = call.engine().access();
    const engine::acl::RuleContext context = access.context();
    const auto existing = access.find(name);
    User user = existing != nullptr ? *existing : User(std::string(name), context);
    for (const std::string& rule : rules) {
        const Status status = user.apply(rule, context);
        if (status.ok()) continue;
        return Error(fmt::format("ERR Error in ACL SETUSER modifier '{}': {}", until_zero(rule),
                                 status.error().text()));
    }
    access.put(std::move(user));
    call.reply().ok();
    return done();
}

Status deluser(Call& call) {
    for (size_t at = 2; at < call.count(); ++at) call.redact(at);
    const auto names = call.arguments().subspan(2);
    for (std::string_view name : names) {
        if (name == "default") return kDefaultStays;
    }
    int64_t removed = 0;
    for (std::string_view name : names) removed += call.engine().access().remove(name) ? 1 : 0;
    call.reply().integer(removed);
    return done();
}

Status list(Call& call) {
    const auto& users = call.engine().access().users();
    call.reply().array(users.size());
    for (const auto& [name, user] : users) call.reply().bulk("user " + name + " " + user->print());
    return done();
}

Status users(Call& call) {
    const auto& users = call.engine().access().users();
    call.reply().array(users.size());
    for (const auto& [name, user] : users) call.reply().bulk(name);
    return done();
}

Status whoami(Call& call) {
    call.reply().bulk(client::user_name(call.session()));
    return done();
}

}  // namespace millrace::admin::acl
