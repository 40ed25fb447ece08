// SPDX-License-Identifier: BSD-3-Clause
//
// COMMAND: what this server's commands are, what they take and which of their arguments are keys.
//
// Everything is derived from the declarations (admin/command_info.h); commands come in the order of
// their names.

#include "engine/acl/categories.h"
#include "engine/command.h"

#include <algorithm>
#include <vector>

#include "admin/command_info.h"
#include "base/glob.h"
#include "engine/help.h"
#include "engine/key_positions.h"

namespace millrace::admin::commands::command {

using namespace engine;

namespace {

Status all(Call& call);
Status count(Call& call);
Status docs(Call& call);
Status getkeys(Call& call);
Status getkeysandflags(Call& call);
Status help(Call& call);
Status info(Call& call);
Status list(Call& call);

constexpr uint64_t kFlags = kLoading | kStale;
constexpr std::string_view kUnorderedTip[] = {"nondeterministic_output_order"};

constexpr Arg kNames[] = {{.name = "command-name", .flags = kOptional | kMultiple}};
constexpr Arg kWholeCommand[] = {{.name = "command"},
                                 {.name = "arg", .flags = kOptional | kMultiple}};
constexpr Arg kFilters[] = {
    {.name = "module-name", .token = "MODULE"},
    {.name = "category", .token = "ACLCAT"},
    {.name = "pattern", .type = ArgType::Pattern, .token = "PATTERN"},
};
constexpr Arg kFilterBy[] = {{.name = "filterby",
                              .type = ArgType::OneOf,
                              .token = "FILTERBY",
                              .flags = kOptional,
                              .children = kFilters}};
constexpr HistoryEntry kInfoHistory[] = {{"7.0.0", "Without names it answers for all commands."}};

constexpr CommandSpec kSubcommands[] = {
    {.name = "COUNT",
     .summary = "Counts the commands of this server.",
     .since = "2.8.13",
     .group = Group::Server,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kFlags,
     .acl = kAclConnection,
     .run = count},
    {.name = "DOCS",
     .summary = "Describes commands for people: what they do, take and used to do.",
     .since = "7.0.0",
     .group = Group::Server,
     .complexity = "O(N) with N commands asked for",
     .arity = -2,
     .flags = kFlags,
     .acl = kAclConnection,
     .args = kNames,
     .tips = kUnorderedTip,
     .run = docs},
    {.name = "GETKEYS",
     .summary = "Finds the keys in a whole command.",
     .since = "2.8.13",
     .group = Group::Server,
     .complexity = "O(N) with N words in the command",
     .arity = -3,
     .flags = kFlags,
     .acl = kAclConnection,
     .args = kWholeCommand,
     .run = getkeys},
    {.name = "GETKEYSANDFLAGS",
     .summary = "Finds the keys in a whole command, and what it does to each.",
     .since = "7.0.0",
     .group = Group::Server,
     .complexity = "O(N) with N words in the command",
     .arity = -3,
     .flags = kFlags,
     .acl = kAclConnection,
     .args = kWholeCommand,
     .run = getkeysandflags},
    {.name = "HELP",
     .summary = "Lists the subcommands.",
     .since = "5.0.0",
     .group = Group::Server,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kFlags,
     .acl = kAclConnection,
     .run = help},
    {.name = "INFO",
     .summary = "Describes commands for programs: arity, flags, keys, categories.",
     .since = "2.8.13",
     .group = Group::Server,
     .complexity = "O(N) with N commands asked for",
     .arity = -2,
     .flags = kFlags,
     .acl = kAclConnection,
     .args = kNames,
     .tips = kUnorderedTip,
     .history = kInfoHistory,
     .run = info},
    {.name = "LIST",
     .summary = "Lists the names of commands, or of some of them.",
     .since = "7.0.0",
     .group = Group::Server,
     .complexity = "O(N) with N commands in all",
     .arity = -2,
     .flags = kFlags,
     .acl = kAclConnection,
     .args = kFilterBy,
     .tips = kUnorderedTip,
     .run = list},
};

constexpr CommandSpec kCommands[] = {
    {.name = "COMMAND",
     .summary = "Describes all commands.",
     .since = "2.8.13",
     .group = Group::Server,
     .complexity = "O(N) with N commands in all",
     .arity = -1,
     .flags = kFlags,
     .acl = kAclConnection,
     .tips = kUnorderedTip,
     .subcommands = kSubcommands,
     .run = all},
};

// "container|subcommand" as COMMAND INFO and DOCS take it; null if there is no such command.
const Command* find_by_name(const CommandRegistry& registry, std::string_view name) {
    const size_t bar = name.find('|');
    const Command* found = registry.find(name.substr(0, bar));
    if (found == nullptr || bar == std::string_view::npos) return found;
    return found->subcommand(name.substr(bar + 1));
}

Status all(Call& call) {
    const auto commands = call.engine().commands().commands();
    call.reply().array(commands.size());
    for (const Command* each : commands) reply_command_info(call.reply(), *each);
    return done();
}

Status count(Call& call) {
    call.reply().integer(static_cast<int64_t>(call.engine().commands().commands().size()));
    return done();
}

Status info(Call& call) {
    if (call.count() == 2) return all(call);
    call.reply().array(call.count() - 2);
    for (std::string_view name : call.arguments().subspan(2)) {
        const Command* found = find_by_name(call.engine().commands(), name);
        if (found == nullptr) {
            call.reply().null();
        } else {
            reply_command_info(call.reply(), *found);
        }
    }
    return done();
}

Status docs(Call& call) {
    const CommandRegistry& registry = call.engine().commands();
    std::vector<const Command*> wanted;
    if (call.count() == 2) wanted.assign(registry.commands().begin(), registry.commands().end());
    for (std::string_view name : call.arguments().subspan(2)) {
        const Command* found = find_by_name(registry, name);
        if (found != nullptr) wanted.push_back(found);
    }
    call.reply().map(wanted.size());
    for (const Command* each : wanted) {
        call.reply().bulk(each->full_name());
        reply_command_docs(call.reply(), *each);
    }
    return done();
}

// --- LIST ---

enum class FilterKind : uint8_t { None, Module, Category, Pattern };

struct Filter {
    FilterKind kind = FilterKind::None;
    uint32_t category = 0;
    std::string_view pattern = {};

    bool lets_pass(const Command& command) const {
        switch (kind) {
            case FilterKind::None:
                return true;
            case FilterKind::Module:
                return false;  // None of our commands comes from a module.
            case FilterKind::Category:
                return (command.acl_categories() & category) != 0;
            case FilterKind::Pattern:
                return glob_match(pattern, command.full_name(), true);
        }
        return false;
    }
};

Result<Filter> parse_filter(Call& call) {
    Filter filter;
    if (call.count() == 2) return filter;
    if (call.count() != 5 || !call.arg_is(2, "FILTERBY")) return errors::kSyntax;
    if (call.arg_is(3, "MODULE")) {
        filter.kind = FilterKind::Module;
    } else if (call.arg_is(3, "ACLCAT")) {
        filter.kind = FilterKind::Category;
        filter.category = engine::acl::category_of(call.arg(4)).value_or(0);
    } else if (call.arg_is(3, "PATTERN")) {
        filter.kind = FilterKind::Pattern;
        filter.pattern = call.arg(4);
    } else {
        return errors::kSyntax;
    }
    return filter;
}

Status list(Call& call) {
    const Filter filter = TRY(parse_filter(call));
    std::vector<const Command*> wanted;
    const auto add = [&](const Command* command) {
        if (filter.lets_pass(*command)) wanted.push_back(command);
    };
    for (const Command* each : call.engine().commands().commands()) {
        add(each);
        for (const Command* child : each->subcommands()) add(child);
    }
    call.reply().array(wanted.size());
    for (const Command* each : wanted) call.reply().bulk(each->full_name());
    return done();
}

// --- GETKEYS ---

// The keys of the command that begins at argument 2.
Status find_keys_of(Call& call, KeyPositions& found) {
    const auto words = call.arguments().subspan(2);
    const Command* command = call.engine().commands().resolve(words);
    const bool unknown_subcommand =
        command != nullptr && !command->subcommands().empty() && words.size() > 1;
    if (command == nullptr || unknown_subcommand) return ErrorText{"ERR Invalid command specified"};

    const auto is_key = [](const KeySpec& spec) { return (spec.flags & kKeyNotKey) == 0; };
    if (std::ranges::none_of(command->spec().keys, is_key)) {
        return ErrorText{"ERR The command has no key arguments"};
    }
    if (!command->arity_matches(words.size())) {
        return ErrorText{"ERR Invalid number of arguments specified for command"};
    }
    const bool makes_sense = find_keys(*command, words, found);
    if (!makes_sense) found.clear();
    if (found.empty() && !command->has(kNoMandatoryKeys)) {
        return ErrorText{"ERR Invalid arguments specified for command"};
    }
    return done();
}

Status getkeys(Call& call) {
    KeyPositions found;
    TRY(find_keys_of(call, found));
    call.reply().array(found.all().size());
    for (const KeyPosition& key : found.all()) {
        call.reply().bulk(call.arg(2 + static_cast<size_t>(key.at)));
    }
    return done();
}

Status getkeysandflags(Call& call) {
    KeyPositions found;
    TRY(find_keys_of(call, found));
    call.reply().array(found.all().size());
    for (const KeyPosition& key : found.all()) {
        call.reply().array(2);
        call.reply().bulk(call.arg(2 + static_cast<size_t>(key.at)));
        reply_key_flags(call.reply(), key.flags);
    }
    return done();
}

Status help(Call& call) {
    constexpr std::string_view kLines[] = {
        "(no subcommand)",
        "    Describe all commands, as INFO does.",
        "COUNT",
        "    Count the commands of this server.",
        "LIST [FILTERBY <MODULE name|ACLCAT category|PATTERN pattern>]",
        "    List the names of commands.",
        "INFO [<command-name> ...]",
        "    Describe commands for programs; all of them without names.",
        "DOCS [<command-name> ...]",
        "    Describe commands for people; all of them without names.",
        "GETKEYS <full-command>",
        "    Find the keys in a command.",
        "GETKEYSANDFLAGS <full-command>",
        "    Find the keys in a command, and what it does to each.",
    };
    reply_help(call.reply(), "COMMAND", kLines);
    return done();
}

}  // namespace

extern const CommandTable kTable{kCommands};

}  // namespace millrace::admin::commands::command
