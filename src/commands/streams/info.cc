// SPDX-License-Identifier: BSD-3-Clause
//
// XINFO: what streams tell about themselves.

#include <algorithm>
#include <string>

#include "base/numbers.h"
#include "base/token.h"
#include "base/wrapping.h"
#include "commands/support/streams.h"
#include "commands/support/text.h"
#include "engine/command.h"
#include "engine/help.h"

namespace millrace::commands::streams::info {
namespace {

using namespace engine;
using namespace support;
using values::Consumer;
using values::ConsumerGroup;
using values::Stream;
using values::StreamId;

Status consumers(Call& call);
Status groups(Call& call);
Status help(Call& call);
Status stream(Call& call);

constexpr KeySpec kXinfoConsumersKeys[] = {
    {.first = 2, .flags = kRO | kKeyAccess},
};

constexpr Arg kXinfoConsumersArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "group", .type = ArgType::String},
};

constexpr std::string_view kXinfoConsumersTips[] = {
    "nondeterministic_output",
};

constexpr HistoryEntry kXinfoConsumersHistory[] = {
    {"7.2.0", "The field `inactive`, and another meaning of `idle`."},
};

constexpr Arg kXinfoGroupsArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
};

constexpr HistoryEntry kXinfoGroupsHistory[] = {
    {"7.0.0", "The fields `entries-read` and `lag`."},
};

constexpr Arg kXinfoStreamFullBlockArgs[] = {
    {.name = "full", .type = ArgType::PureToken, .token = "FULL"},
    {.name = "count", .type = ArgType::Integer, .token = "COUNT", .flags = kOptional},
};

constexpr Arg kXinfoStreamArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "full-block",
     .type = ArgType::Block,
     .flags = kOptional,
     .children = kXinfoStreamFullBlockArgs},
};

constexpr HistoryEntry kXinfoStreamHistory[] = {
    {"6.0.0", "The word `FULL`."},
    {"7.0.0",
     "The fields `max-deleted-entry-id`, `entries-added`, `recorded-first-entry-id`, "
     "`entries-read` and `lag`."},
    {"7.2.0", "The field `active-time`, and another meaning of `seen-time`."},
};

constexpr CommandSpec kXinfoSubcommands[] = {
    {.name = "CONSUMERS",
     .summary = "Lists the consumers of a group.",
     .since = "5.0.0",
     .group = Group::Stream,
     .complexity = "O(N), N being the consumers.",
     .arity = 4,
     .flags = kReadOnly,
     .keys = kXinfoConsumersKeys,
     .args = kXinfoConsumersArgs,
     .tips = kXinfoConsumersTips,
     .history = kXinfoConsumersHistory,
     .run = consumers},
    {.name = "GROUPS",
     .summary = "Lists the consumer groups of a stream.",
     .since = "5.0.0",
     .group = Group::Stream,
     .complexity = "O(N), N being the groups.",
     .arity = 3,
     .flags = kReadOnly,
     .keys = kXinfoConsumersKeys,
     .args = kXinfoGroupsArgs,
     .history = kXinfoGroupsHistory,
     .run = groups},
    {.name = "HELP",
     .summary = "Lists the subcommands.",
     .since = "5.0.0",
     .group = Group::Stream,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kLoading | kStale,
     .run = help},
    {.name = "STREAM",
     .summary = "Describes a stream.",
     .since = "5.0.0",
     .group = Group::Stream,
     .complexity = "O(1), and O(N) with FULL, N being what is shown.",
     .arity = -3,
     .flags = kReadOnly,
     .keys = kXinfoConsumersKeys,
     .args = kXinfoStreamArgs,
     .history = kXinfoStreamHistory,
     .run = stream},
};

constexpr CommandSpec kCommands[] = {
    {.name = "XINFO",
     .summary = "A container for what streams can tell about themselves.",
     .since = "5.0.0",
     .group = Group::Stream,
     .complexity = "Depends on the subcommand.",
     .arity = -2,
     .subcommands = kXinfoSubcommands},
};

// The stream of the subcommand.
Result<const Stream*> stream_argument(Call& call) {
    const keyspace::Entry* entry = call.find(2);
    if (entry == nullptr) return errors::kNoSuchKey;
    if (entry->type() != Stream::kType) return errors::kWrongType;
    return static_cast<const Stream*>(entry->collection());
}

int64_t idle_since(Call& call, int64_t ms) {
    return std::max<int64_t>(wrapping_subtract(call.now_ms(), ms), 0);
}

void reply_progress(ReplyWriter& reply, const Stream& stream, const ConsumerGroup& group) {
    reply.bulk("entries-read");
    if (group.entries_read == ConsumerGroup::kUnknownCount) {
        reply.null();
    } else {
        reply.integer(group.entries_read);
    }
    reply.bulk("lag");
    if (const auto lag = stream.lag_of(group)) {
        reply.integer(*lag);
    } else {
        reply.null();
    }
}

void reply_field(ReplyWriter& reply, std::string_view name, int64_t number) {
    reply.bulk(name);
    reply.integer(number);
}

void reply_field(ReplyWriter& reply, std::string_view name, const StreamId& id) {
    reply.bulk(name);
    reply_id(reply, id);
}

Status consumers(Call& call) {
    const Stream& stream = *TRY(stream_argument(call));
    const ConsumerGroup* group = stream.find_group(call.arg(3));
    if (group == nullptr) {
        return Error("NOGROUP No such consumer group '" + std::string(until_zero(call.arg(3))) +
                     "' for key name '" + std::string(until_zero(call.arg(2))) + "'");
    }
    ReplyWriter& reply = call.reply();
    reply.array(group->consumers().size());
    for (const auto& [name, consumer] : group->consumers()) {
        // Compat: it alone is negative where a clock was ahead.
        const bool active = consumer.active_ms != -1;
        const int64_t inactive_ms =
            active ? wrapping_subtract(call.now_ms(), consumer.active_ms) : -1;
        reply.map(4);
        reply.bulk("name");
        reply.bulk(name);
        reply_field(reply, "pending", static_cast<int64_t>(consumer.pending.size()));
        reply_field(reply, "idle", idle_since(call, consumer.seen_ms));
        reply_field(reply, "inactive", inactive_ms);
    }
    return done();
}

Status groups(Call& call) {
    const Stream& stream = *TRY(stream_argument(call));
    ReplyWriter& reply = call.reply();
    reply.array(stream.groups().size());
    for (const auto& [name, group] : stream.groups()) {
        reply.map(6);
        reply.bulk("name");
        reply.bulk(name);
        reply_field(reply, "consumers", static_cast<int64_t>(group.consumers().size()));
        reply_field(reply, "pending", static_cast<int64_t>(group.pending().size()));
        reply_field(reply, "last-delivered-id", group.last_id);
        reply_progress(reply, stream, group);
    }
    return done();
}

// The part that both forms of XINFO STREAM begin with.
void reply_totals(ReplyWriter& reply, const Stream& stream) {
    const auto blocks = static_cast<int64_t>(stream.block_count());
    reply_field(reply, "length", static_cast<int64_t>(stream.size()));
    reply_field(reply, "radix-tree-keys", blocks);
    // Compat: there is no radix tree here; its nodes are one more than its keys while there are
    // few.
    reply_field(reply, "radix-tree-nodes", blocks + 1);
    reply_field(reply, "last-generated-id", stream.last_id());
    reply_field(reply, "max-deleted-entry-id", stream.max_deleted_id());
    reply_field(reply, "entries-added", static_cast<int64_t>(stream.entries_added()));
    reply_field(reply, "recorded-first-entry-id", stream.first_id());
}

void reply_edge(ReplyWriter& reply, std::string_view name, const Stream& stream,
                const Stream::Cursor& cursor) {
    reply.bulk(name);
    if (cursor) {
        reply_entry(reply, stream, cursor);
    } else {
        reply.null();
    }
}

uint64_t shown(uint64_t size, uint64_t count) {
    return count == 0 ? size : std::min(size, count);
}

void reply_group_pending(ReplyWriter& reply, const ConsumerGroup& group, uint64_t count) {
    reply_field(reply, "pel-count", static_cast<int64_t>(group.pending().size()));
    reply.bulk("pending");
    uint64_t left = shown(group.pending().size(), count);
    reply.array(left);
    for (auto entry = group.pending().begin(); left > 0; ++entry, --left) {
        reply.array(4);
        reply_id(reply, entry->first);
        reply.bulk(entry->second.consumer->name);
        reply.integer(entry->second.delivered_ms);
        reply.integer(static_cast<int64_t>(entry->second.deliveries));
    }
}

void reply_group_consumers(ReplyWriter& reply, const ConsumerGroup& group, uint64_t count) {
    reply.bulk("consumers");
    reply.array(group.consumers().size());
    for (const auto& [name, consumer] : group.consumers()) {
        reply.map(5);
        reply.bulk("name");
        reply.bulk(name);
        reply_field(reply, "seen-time", consumer.seen_ms);
        reply_field(reply, "active-time", consumer.active_ms);
        reply_field(reply, "pel-count", static_cast<int64_t>(consumer.pending.size()));
        reply.bulk("pending");
        uint64_t left = shown(consumer.pending.size(), count);
        reply.array(left);
        for (auto id = consumer.pending.begin(); left > 0; ++id, --left) {
            const values::PendingEntry& entry = *group.find_pending(*id);
            reply.array(3);
            reply_id(reply, *id);
            reply.integer(entry.delivered_ms);
            reply.integer(static_cast<int64_t>(entry.deliveries));
        }
    }
}

void reply_full(ReplyWriter& reply, const Stream& stream, uint64_t count) {
    reply.map(9);
    reply_totals(reply, stream);
    reply.bulk("entries");
    uint64_t left = shown(stream.size(), count);
    reply.array(left);
    for (auto at = stream.seek({}); left > 0; at = stream.next(at), --left) {
        reply_entry(reply, stream, at);
    }
    reply.bulk("groups");
    reply.array(stream.groups().size());
    for (const auto& [name, group] : stream.groups()) {
        reply.map(7);
        reply.bulk("name");
        reply.bulk(name);
        reply_field(reply, "last-delivered-id", group.last_id);
        reply_progress(reply, stream, group);
        reply_group_pending(reply, group, count);
        reply_group_consumers(reply, group, count);
    }
}

Status stream(Call& call) {
    constexpr int64_t kShownByDefault = 10;
    const Stream& stream = *TRY(stream_argument(call));
    const bool full = call.count() > 3;
    int64_t count = kShownByDefault;
    if (full) {
        const bool counted = call.count() == 6 && call.arg_is(4, "COUNT");
        if (!call.arg_is(3, "FULL") || (call.count() != 4 && !counted)) {
            return Error("ERR unknown subcommand or wrong number of arguments for '" +
                         std::string(until_zero(call.arg(1))) + "'. Try XINFO HELP.");
        }
        if (counted) count = TRY(call.integer(5));
        if (count < 0) count = kShownByDefault;
    }
    ReplyWriter& reply = call.reply();
    if (full) {
        reply_full(reply, stream, static_cast<uint64_t>(count));
        return done();
    }
    reply.map(10);
    reply_totals(reply, stream);
    reply_field(reply, "groups", static_cast<int64_t>(stream.groups().size()));
    reply_edge(reply, "first-entry", stream, stream.seek({}));
    reply_edge(reply, "last-entry", stream, stream.seek_back(StreamId::highest()));
    return done();
}

Status help(Call& call) {
    constexpr std::string_view kLines[] = {
        "CONSUMERS <key> <group>",
        "    Lists the consumers of the group.",
        "GROUPS <key>",
        "    Lists the groups of the stream.",
        "STREAM <key> [FULL [COUNT <count>]]",
        "    Describes the stream; with FULL all that is in it, up to a number of each.",
    };
    reply_help(call.reply(), "XINFO", kLines);
    return done();
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::streams::info
