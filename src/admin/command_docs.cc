// SPDX-License-Identifier: BSD-3-Clause
//
// The maps of COMMAND DOCS. A field is there only where the declaration says something.

#include "admin/command_info.h"

namespace millrace::admin {

using namespace engine;

namespace {

std::string_view group_name(Group group) {
    // In the order of the enumeration.
    constexpr std::string_view kNames[] = {
        "generic", "string",       "list",       "set",    "sorted-set", "hash",
        "pubsub",  "transactions", "connection", "server", "scripting",  "hyperloglog",
        "cluster", "sentinel",     "geo",        "stream", "bitmap",     "module",
    };
    static_assert(std::size(kNames) == static_cast<size_t>(Group::Module) + 1);
    return kNames[static_cast<size_t>(group)];
}

std::string_view type_name(ArgType type) {
    constexpr std::string_view kNames[] = {
        "string",    "integer",    "double", "key",   "pattern",
        "unix-time", "pure-token", "oneof",  "block",
    };
    static_assert(std::size(kNames) == static_cast<size_t>(ArgType::Block) + 1);
    return kNames[static_cast<size_t>(type)];
}

void reply_text(ReplyWriter& reply, std::string_view name, std::string_view text) {
    if (text.empty()) return;
    reply.bulk(name);
    reply.bulk(text);
}

size_t present(std::string_view text) {
    return text.empty() ? 0 : 1;
}

// --- arguments ---

bool has_display_text(const Arg& arg) {
    return arg.type != ArgType::OneOf && arg.type != ArgType::Block;
}

// MIGRATE has one that is the empty string.
bool has_token(const Arg& arg) {
    return arg.token.data() != nullptr;
}

size_t count_fields(const Arg& arg) {
    size_t fields = 2;
    if (has_display_text(arg)) ++fields;
    if (arg.key_spec >= 0) ++fields;
    fields += (has_token(arg) ? 1 : 0) + present(arg.summary) + present(arg.since);
    fields += present(arg.deprecated_since);
    if (arg.flags != 0) ++fields;
    if (!arg.children.empty()) ++fields;
    return fields;
}

void reply_flags(ReplyWriter& reply, uint8_t flags) {
    if (flags == 0) return;
    reply.bulk("flags");
    reply.set(static_cast<size_t>(__builtin_popcount(flags)));
    if ((flags & kOptional) != 0) reply.simple("optional");
    if ((flags & kMultiple) != 0) reply.simple("multiple");
    if ((flags & kMultipleToken) != 0) reply.simple("multiple_token");
}

void reply_arguments(ReplyWriter& reply, std::span<const Arg> args);

void reply_argument(ReplyWriter& reply, const Arg& arg) {
    reply.map(count_fields(arg));
    reply_text(reply, "name", arg.name);
    reply_text(reply, "type", type_name(arg.type));
    if (has_display_text(arg)) {
        reply_text(reply, "display_text", arg.display.empty() ? arg.name : arg.display);
    }
    if (arg.key_spec >= 0) {
        reply.bulk("key_spec_index");
        reply.integer(arg.key_spec);
    }
    if (has_token(arg)) {
        reply.bulk("token");
        reply.bulk(arg.token);
    }
    reply_text(reply, "summary", arg.summary);
    reply_text(reply, "since", arg.since);
    reply_text(reply, "deprecated_since", arg.deprecated_since);
    reply_flags(reply, arg.flags);
    reply_arguments(reply, arg.children);
}

// Recursion ends with the declaration, which is ours.
void reply_arguments(ReplyWriter& reply, std::span<const Arg> args) {
    if (args.empty()) return;
    reply.bulk("arguments");
    reply.array(args.size());
    for (const Arg& arg : args) reply_argument(reply, arg);
}

// --- commands ---

size_t count_fields(const CommandSpec& spec) {
    size_t fields = 1 + present(spec.summary) + present(spec.since) + present(spec.complexity);
    fields += present(spec.deprecated_since) + present(spec.replaced_by);
    if (spec.doc_flags != 0) ++fields;
    if (!spec.history.empty()) ++fields;
    if (!spec.args.empty()) ++fields;
    if (!spec.subcommands.empty()) ++fields;
    return fields;
}

void reply_doc_flags(ReplyWriter& reply, uint8_t flags) {
    if (flags == 0) return;
    reply.bulk("doc_flags");
    reply.set(static_cast<size_t>(__builtin_popcount(flags)));
    if ((flags & kDeprecated) != 0) reply.simple("deprecated");
    if ((flags & kSysCmd) != 0) reply.simple("syscmd");
}

void reply_history(ReplyWriter& reply, std::span<const HistoryEntry> history) {
    if (history.empty()) return;
    reply.bulk("history");
    reply.set(history.size());
    for (const HistoryEntry& entry : history) {
        reply.array(2);
        reply.bulk(entry.version);
        reply.bulk(entry.change);
    }
}

}  // namespace

void reply_command_docs(ReplyWriter& reply, const Command& command) {
    const CommandSpec& spec = command.spec();
    reply.map(count_fields(spec));
    reply_text(reply, "summary", spec.summary);
    reply_text(reply, "since", spec.since);
    reply_text(reply, "group", group_name(spec.group));
    reply_text(reply, "complexity", spec.complexity);
    reply_doc_flags(reply, spec.doc_flags);
    reply_text(reply, "deprecated_since", spec.deprecated_since);
    reply_text(reply, "replaced_by", spec.replaced_by);
    reply_history(reply, spec.history);
    reply_arguments(reply, spec.args);
    if (command.subcommands().empty()) return;
    reply.bulk("subcommands");
    reply.map(command.subcommands().size());
    for (const Command* each : command.subcommands()) {
        reply.bulk(each->full_name());
        reply_command_docs(reply, *each);
    }
}

}  // namespace millrace::admin
