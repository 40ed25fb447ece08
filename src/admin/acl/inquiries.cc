// SPDX-License-Identifier: BSD-3-Clause
//
// ACL CAT, DRYRUN, GENPASS, LOG, HELP.

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "admin/acl/handlers.h"
#include "base/numbers.h"
#include "base/token.h"
#include "engine/acl/access_control.h"
#include "engine/acl/categories.h"
#include "engine/help.h"

namespace millrace::admin::acl {

using engine::Call;
using engine::Command;
using engine::ReplyWriter;
namespace errors = engine::errors;

namespace {

// Compat: too many words read like an unknown subcommand.
Error too_many(const Call& call) {
    return Error(
        fmt::format("ERR unknown subcommand or wrong number of arguments for '{}'. Try ACL HELP.",
                    call.arg(1)));
}

void reply_entry(ReplyWriter& reply, const engine::acl::AclLog::Entry& entry, int64_t now_ms) {
    reply.map(10);
    reply.bulk("count");
    reply.integer(static_cast<int64_t>(entry.count));
    reply.bulk("reason");
    reply.bulk(name_of(entry.reason));
    reply.bulk("context");
    reply.bulk(name_of(entry.context));
    reply.bulk("object");
    reply.bulk(entry.object);
    reply.bulk("username");
    reply.bulk(entry.user);
    reply.bulk("age-seconds");
    reply.double_number(static_cast<double>(now_ms - entry.updated_ms) / 1000);
    reply.bulk("client-info");
    reply.bulk(entry.client);
    reply.bulk("entry-id");
    reply.integer(static_cast<int64_t>(entry.id));
    reply.bulk("timestamp-created");
    reply.integer(entry.created_ms);
    reply.bulk("timestamp-last-updated");
    reply.integer(entry.updated_ms);
}

}  // namespace

Status cat(Call& call) {
    if (call.count() > 3) return too_many(call);
    if (call.count() == 2) {
        const auto categories = engine::acl::categories();
        call.reply().array(categories.size());
        for (const engine::acl::Category& each : categories) {
            call.reply().bulk(each.name.substr(1));
        }
        return done();
    }
    const auto category = engine::acl::category_of(call.arg(2));
    if (!category) return Error(fmt::format("ERR Unknown category '{}'", until_zero(call.arg(2))));
    const engine::CommandRegistry& commands = call.engine().commands();
    std::vector<const Command*> found;
    for (uint32_t id = 0; id < commands.size(); ++id) {
        const Command& command = commands.by_id(id);
        if ((command.acl_categories() & *category) != 0) found.push_back(&command);
    }
    call.reply().array(found.size());
    for (const Command* command : found) call.reply().bulk(command->full_name());
    return done();
}

Status dryrun(Call& call) {
    engine::Engine& engine = call.engine();
    const auto user = engine.access().find(call.arg(2));
    if (user == nullptr)
        return Error(fmt::format("ERR User '{}' not found", until_zero(call.arg(2))));
    const auto words = call.arguments().subspan(3);
    const Command* command = engine.commands().resolve(words);
    const bool is_container = command != nullptr && !command->subcommands().empty();
    if (command == nullptr || (is_container && words.size() > 1)) {
        return Error(fmt::format("ERR Command '{}' not found", until_zero(words[0])));
    }
    if (!command->arity_matches(words.size())) {
        return Error(
            fmt::format("ERR wrong number of arguments for '{}' command", command->full_name()));
    }
    const engine::acl::Attempt attempt{.command = *command,
                                       .arguments = words,
                                       .database = call.db(),
                                       .database_count = engine.keyspace().database_count()};
    const auto denial = find_denial(*user, attempt);
    if (denial) {
        call.reply().bulk(detailed_denial_text(*denial, *user, attempt));
    } else {
        call.reply().ok();
    }
    return done();
}

Status genpass(Call& call) {
    constexpr int64_t kBitsMax = 4096;
    constexpr ErrorText kBadBits{
        "ERR ACL GENPASS argument must be the number of bits for the output password, a positive "
        "number up to 4096"};
    if (call.count() > 3) return too_many(call);
    int64_t bits = 256;
    if (call.count() == 3) {
        bits = TRY(call.integer(2));
        if (bits <= 0 || bits > kBitsMax) return kBadBits;
    }
    constexpr std::string_view kDigits = "0123456789abcdef";
    const auto digits = static_cast<size_t>((bits + 3) / 4);
    std::string password;
    while (password.size() < digits) {
        password += kDigits[call.engine().entropy().next() % kDigits.size()];
    }
    call.reply().bulk(password);
    return done();
}

Status log(Call& call) {
    if (call.count() > 3) return too_many(call);
    engine::acl::AclLog& log = call.engine().access().log();
    int64_t count = 10;
    if (call.count() == 3 && call.arg_is(2, "RESET")) {
        log.clear();
        call.reply().ok();
        return done();
    }
    if (call.count() == 3) count = std::max<int64_t>(TRY(call.integer(2)), 0);
    const size_t shown = std::min(static_cast<size_t>(count), log.entries().size());
    call.reply().array(shown);
    auto entry = log.entries().begin();
    for (size_t at = 0; at < shown; ++at) reply_entry(call.reply(), *entry++, call.now_ms());
    return done();
}

Status help(Call& call) {
    constexpr std::string_view kLines[] = {
        "CAT [<category>]",
        "    List the categories, or the commands of one.",
        "DELUSER <username> [<username> ...]",
        "    Remove users and close their connections.",
        "DRYRUN <username> <command> [<arg> ...]",
        "    Tell whether the user may run the command, without running it.",
        "GETUSER <username>",
        "    Show the rules of a user.",
        "GENPASS [<bits>]",
        "    Make a random password, of 256 bits by default.",
        "LIST",
        "    Show all users as the ACL file has them.",
        "LOAD",
        "    Read the users from the ACL file again.",
        "LOG [<count> | RESET]",
        "    Show what was refused lately, or forget it.",
        "SAVE",
        "    Write the users to the ACL file.",
        "SETUSER <username> <rule> [<rule> ...]",
        "    Add a user, or change the rules of one.",
        "USERS",
        "    List the names of all users.",
        "WHOAMI",
        "    Tell the name of the user that this connection is.",
    };
    engine::reply_help(call.reply(), "ACL", kLines);
    return done();
}

}  // namespace millrace::admin::acl
