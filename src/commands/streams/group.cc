// SPDX-License-Identifier: BSD-3-Clause
//
// XGROUP: making and changing consumer groups.

#include <string>

#include "base/numbers.h"
#include "base/token.h"
#include "commands/support/streams.h"
#include "commands/support/text.h"
#include "engine/command.h"
#include "engine/help.h"

namespace millrace::commands::streams::group {
namespace {

using namespace engine;
using namespace support;
using values::Consumer;
using values::ConsumerGroup;
using values::Stream;
using values::StreamId;

Status create(Call& call);
Status createconsumer(Call& call);
Status delconsumer(Call& call);
Status destroy(Call& call);
Status help(Call& call);
Status setid(Call& call);

constexpr KeySpec kXgroupCreateKeys[] = {
    {.first = 2, .flags = kRW | kKeyInsert},
};

constexpr Arg kXgroupCreateIdSelectorArgs[] = {
    {.name = "id", .type = ArgType::String},
    {.name = "new-id", .type = ArgType::PureToken, .token = "$"},
};

constexpr Arg kXgroupCreateArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "group", .type = ArgType::String},
    {.name = "id-selector", .type = ArgType::OneOf, .children = kXgroupCreateIdSelectorArgs},
    {.name = "mkstream", .type = ArgType::PureToken, .token = "MKSTREAM", .flags = kOptional},
    {.name = "entriesread",
     .type = ArgType::Integer,
     .token = "ENTRIESREAD",
     .flags = kOptional,
     .display = "entries-read"},
};

constexpr HistoryEntry kXgroupCreateHistory[] = {
    {"7.0.0", "The argument `entries_read`."},
};

constexpr Arg kXgroupCreateconsumerArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "group", .type = ArgType::String},
    {.name = "consumer", .type = ArgType::String},
};

constexpr KeySpec kXgroupDelconsumerKeys[] = {
    {.first = 2, .flags = kRW | kKeyDelete},
};

constexpr Arg kXgroupDestroyArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "group", .type = ArgType::String},
};

constexpr KeySpec kXgroupSetidKeys[] = {
    {.first = 2, .flags = kRW | kKeyUpdate},
};

constexpr Arg kXgroupSetidArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "group", .type = ArgType::String},
    {.name = "id-selector", .type = ArgType::OneOf, .children = kXgroupCreateIdSelectorArgs},
    {.name = "entriesread",
     .type = ArgType::Integer,
     .token = "ENTRIESREAD",
     .flags = kOptional,
     .display = "entries-read"},
};

constexpr CommandSpec kXgroupSubcommands[] = {
    {.name = "CREATE",
     .summary = "Makes a consumer group.",
     .since = "5.0.0",
     .group = Group::Stream,
     .complexity = "O(1)",
     .arity = -5,
     .flags = kWrite | kDenyOom,
     .keys = kXgroupCreateKeys,
     .args = kXgroupCreateArgs,
     .history = kXgroupCreateHistory,
     .run = create},
    {.name = "CREATECONSUMER",
     .summary = "Makes a consumer of a group.",
     .since = "6.2.0",
     .group = Group::Stream,
     .complexity = "O(log N), N being the consumers.",
     .arity = 5,
     .flags = kWrite | kDenyOom,
     .keys = kXgroupCreateKeys,
     .args = kXgroupCreateconsumerArgs,
     .run = createconsumer},
    {.name = "DELCONSUMER",
     .summary = "Deletes a consumer of a group, with what it has pending.",
     .since = "5.0.0",
     .group = Group::Stream,
     .complexity = "O(N), N being its pending entries.",
     .arity = 5,
     .flags = kWrite,
     .keys = kXgroupDelconsumerKeys,
     .args = kXgroupCreateconsumerArgs,
     .run = delconsumer},
    {.name = "DESTROY",
     .summary = "Deletes a consumer group.",
     .since = "5.0.0",
     .group = Group::Stream,
     .complexity = "O(N), N being its pending entries.",
     .arity = 4,
     .flags = kWrite,
     .keys = kXgroupDelconsumerKeys,
     .args = kXgroupDestroyArgs,
     .run = destroy},
    {.name = "HELP",
     .summary = "Lists the subcommands.",
     .since = "5.0.0",
     .group = Group::Stream,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kLoading | kStale,
     .run = help},
    {.name = "SETID",
     .summary = "Sets up to where a group has read.",
     .since = "5.0.0",
     .group = Group::Stream,
     .complexity = "O(1)",
     .arity = -5,
     .flags = kWrite,
     .keys = kXgroupSetidKeys,
     .args = kXgroupSetidArgs,
     .history = kXgroupCreateHistory,
     .run = setid},
};

constexpr CommandSpec kCommands[] = {
    {.name = "XGROUP",
     .summary = "A container for commands on consumer groups.",
     .since = "5.0.0",
     .group = Group::Stream,
     .complexity = "Depends on the subcommand.",
     .arity = -2,
     .subcommands = kXgroupSubcommands},
};

constexpr ErrorText kNoStream{
    "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use "
    "the MKSTREAM option to create an empty stream automatically."};

Error no_such_group(Call& call) {
    return Error("NOGROUP No such consumer group '" + std::string(until_zero(call.arg(3))) +
                 "' for key name '" + std::string(until_zero(call.arg(2))) + "'");
}

Error wrong_arguments(Call& call) {
    return Error("ERR unknown subcommand or wrong number of arguments for '" +
                 std::string(until_zero(call.arg(1))) + "'. Try XGROUP HELP.");
}

struct GroupOptions {
    bool make_stream = false;
    int64_t entries_read = ConsumerGroup::kUnknownCount;
};

Result<GroupOptions> parse_group_options(Call& call, bool creates) {
    GroupOptions options;
    for (size_t at = 5; at < call.count(); ++at) {
        if (creates && call.arg_is(at, "MKSTREAM")) {
            options.make_stream = true;
        } else if (call.arg_is(at, "ENTRIESREAD") && at + 1 < call.count()) {
            options.entries_read = TRY(call.integer(++at));
            if (options.entries_read < ConsumerGroup::kUnknownCount) {
                return ErrorText{"ERR value for ENTRIESREAD must be positive or -1"};
            }
        } else {
            return wrong_arguments(call);
        }
    }
    return options;
}

// Argument 4: an id, or "$" for the last one of the stream.
Result<StreamId> position_argument(Call& call, const Stream* stream) {
    if (until_zero(call.arg(4)) == "$") return stream == nullptr ? StreamId{} : stream->last_id();
    return stream_id_argument(call, 4);
}

Status create(Call& call) {
    const GroupOptions options = TRY(parse_group_options(call, true));
    KeyEdit edit = TRY(call.edit(2, Stream::kType));
    if (!edit.exists() && !options.make_stream) return kNoStream;
    // Compat: options may be repeated as long as there are no more words than with each given once.
    if (call.count() > 8) return wrong_arguments(call);
    const StreamId last = TRY(position_argument(call, edit.value<Stream>()));
    if (edit.exists() && edit.value<Stream>()->find_group(call.arg(3)) != nullptr) {
        return ErrorText{"BUSYGROUP Consumer Group name already exists"};
    }
    edit.value_or_make<Stream>().add_group(call.arg(3), last, options.entries_read);
    edit.value_changed();
    edit.commit(EventClass::Stream, "xgroup-create");
    call.reply().ok();
    return done();
}

// The stream of a subcommand that changes a group.
Result<KeyEdit> edit_stream(Call& call) {
    KeyEdit edit = TRY(call.edit(2, Stream::kType));
    if (!edit.exists()) return kNoStream;
    return edit;
}

Status setid(Call& call) {
    const GroupOptions options = TRY(parse_group_options(call, false));
    KeyEdit edit = TRY(edit_stream(call));
    const Stream& stream = *edit.value<Stream>();
    ConsumerGroup* group = edit.value<Stream>()->find_group(call.arg(3));
    if (group == nullptr) return no_such_group(call);
    if (call.count() > 7) return wrong_arguments(call);
    // Compat: the ends of an interval are taken here, and not by CREATE.
    const std::string_view id = until_zero(call.arg(4));
    if (id == "-") {
        group->last_id = StreamId{};
    } else if (id == "+") {
        group->last_id = StreamId::highest();
    } else {
        group->last_id = TRY(position_argument(call, &stream));
    }
    group->entries_read = options.entries_read;
    edit.value_changed();
    edit.commit(EventClass::Stream, "xgroup-setid");
    call.reply().ok();
    return done();
}

Status destroy(Call& call) {
    KeyEdit edit = TRY(edit_stream(call));
    const bool removed = edit.value<Stream>()->remove_group(call.arg(3));
    if (removed) {
        edit.value_changed();
        edit.commit(EventClass::Stream, "xgroup-destroy");
    }
    call.reply().integer(removed ? 1 : 0);
    return done();
}

Status createconsumer(Call& call) {
    KeyEdit edit = TRY(edit_stream(call));
    ConsumerGroup* group = edit.value<Stream>()->find_group(call.arg(3));
    if (group == nullptr) return no_such_group(call);
    const bool fresh = group->find_consumer(call.arg(4)) == nullptr;
    if (fresh) {
        group->add_consumer(call.arg(4), call.now_ms());
        edit.value_changed();
        edit.commit(EventClass::Stream, "xgroup-createconsumer");
    }
    call.reply().integer(fresh ? 1 : 0);
    return done();
}

Status delconsumer(Call& call) {
    KeyEdit edit = TRY(edit_stream(call));
    ConsumerGroup* group = edit.value<Stream>()->find_group(call.arg(3));
    if (group == nullptr) return no_such_group(call);
    size_t pending = 0;
    if (Consumer* consumer = group->find_consumer(call.arg(4))) {
        pending = group->remove_consumer(*consumer);
        edit.value_changed();
        edit.commit(EventClass::Stream, "xgroup-delconsumer");
    }
    call.reply().integer(static_cast<int64_t>(pending));
    return done();
}

Status help(Call& call) {
    constexpr std::string_view kLines[] = {
        "CREATE <key> <group> <id|$> [MKSTREAM] [ENTRIESREAD <count>]",
        "    Makes a group that has read up to the id. MKSTREAM makes the stream as well;",
        "    ENTRIESREAD says how many entries that is.",
        "CREATECONSUMER <key> <group> <consumer>",
        "    Makes a consumer.",
        "DELCONSUMER <key> <group> <consumer>",
        "    Deletes a consumer, with what it has pending.",
        "DESTROY <key> <group>",
        "    Deletes a group.",
        "SETID <key> <group> <id|$> [ENTRIESREAD <count>]",
        "    Sets up to where the group has read.",
    };
    reply_help(call.reply(), "XGROUP", kLines);
    return done();
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::streams::group
