// SPDX-License-Identifier: BSD-3-Clause
#include "engine/acl/command_rights.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/token.h"
#include "engine/acl/categories.h"
#include "engine/acl/rule_errors.h"
#include "engine/acl/rule_text.h"

namespace millrace::engine::acl {
namespace {

// By the name that it was declared with: rules do not change when commands are renamed.
const Command* find_declared(const CommandRegistry& commands, std::string_view full_name) {
    for (uint32_t id = 0; id < commands.size(); ++id) {
        const Command& command = commands.by_id(id);
        if (command.full_name() == full_name) return &command;
    }
    return nullptr;
}

}  // namespace

CommandRights::CommandRights(const CommandRegistry& commands)
    : commands_(&commands), allowed_(commands.size(), false) {}

void CommandRights::set_all(bool allowed) {
    std::fill(allowed_.begin(), allowed_.end(), allowed);
    all_ = allowed;
    future_ = allowed;
    first_arguments_.clear();
    rules_.clear();
}

void CommandRights::set(const Command& command, bool allowed) {
    const auto set_one = [&](const Command& one) {
        allowed_[one.id()] = allowed;
        std::erase_if(first_arguments_, [&](const auto& each) { return each.first == one.id(); });
    };
    set_one(command);
    for (const Command* each : command.subcommands()) set_one(*each);
}

Status CommandRights::apply(std::string_view rule) {
    const bool allowed = rule.front() == '+';
    const std::string name = to_lower(until_zero(rule.substr(1)));
    if (name == "@all") {
        set_all(allowed);
        return done();
    }
    if (name.starts_with('@')) {
        TRY(apply_category(allowed, name));
    } else {
        TRY(apply_command(allowed, name));
    }
    note(rule.front(), name);
    all_ = future_ && std::ranges::find(allowed_, false) == allowed_.end();
    return done();
}

Status CommandRights::apply_category(bool allowed, std::string_view name) {
    const auto category = category_of(name.substr(1));
    if (!category) return rule_errors::kUnknownCommand;
    for (uint32_t id = 0; id < commands_->size(); ++id) {
        const Command& command = commands_->by_id(id);
        if ((command.acl_categories() & *category) != 0) set(command, allowed);
    }
    return done();
}

Status CommandRights::apply_command(bool allowed, std::string_view name) {
    if (const Command* command = find_declared(*commands_, name)) {
        set(*command, allowed);
        return done();
    }
    if (!allowed) return rule_errors::kUnknownCommand;
    return allow_first_argument(name);
}

// "select|0". Valkey keeps it for old files only: it says nothing about what the others may be.
Status CommandRights::allow_first_argument(std::string_view name) {
    const size_t bar = name.rfind('|');
    if (bar == std::string_view::npos) return rule_errors::kUnknownCommand;
    const Command* command = find_declared(*commands_, name.substr(0, bar));
    if (command == nullptr) return rule_errors::kUnknownCommand;
    if (command->parent() != nullptr) return rule_errors::kFirstArgumentOfSubcommand;
    const std::string_view argument = name.substr(bar + 1);
    if (argument.empty()) return rule_errors::kSyntax;
    if (!command->subcommands().empty()) return rule_errors::kUnknownCommand;
    if (has_blanks(argument)) return rule_errors::kSyntax;
    first_arguments_.emplace(command->id(), argument);
    return done();
}

void CommandRights::note(char sign, std::string_view name) {
    std::erase_if(rules_, [&](const std::string& rule) {
        const std::string_view old = std::string_view(rule).substr(1);
        if (!old.starts_with(name)) return false;
        return old.size() == name.size() || old[name.size()] == '|';
    });
    std::string rule(1, sign);
    rule += name;
    rules_.push_back(std::move(rule));
}

bool CommandRights::allows(const Command& command,
                           std::span<const std::string_view> arguments) const {
    if (all_ || allowed_[command.id()]) return true;
    if (first_arguments_.empty() || arguments.size() < 2) return false;
    return std::ranges::any_of(first_arguments_, [&](const auto& each) {
        return each.first == command.id() && is_token(arguments[1], each.second);
    });
}

std::string CommandRights::print() const {
    std::string text = future_ ? "+@all" : "-@all";
    for (const std::string& rule : rules_) {
        text += ' ';
        text += rule;
    }
    return text;
}

}  // namespace millrace::engine::acl
