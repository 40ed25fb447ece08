// SPDX-License-Identifier: BSD-3-Clause
//
// XREAD, XREADGROUP: what is new in several streams, or pending; waiting for it.

#include <string>
#include <vector>

#include "base/numbers.h"
#include "base/token.h"
#include "base/wrapping.h"
#include "commands/support/streams.h"
#include "commands/support/text.h"
#include "engine/blocking.h"
#include "engine/command.h"

namespace millrace::commands::streams::read {
namespace {

using namespace engine;
using namespace support;
using values::Consumer;
using values::ConsumerGroup;
using values::PendingEntry;
using values::Stream;
using values::StreamId;
using values::StreamIdText;

Status xread(Call& call);
Status xreadgroup(Call& call);

constexpr KeySpec kXreadKeys[] = {
    {.search = KeySearch::Keyword,
     .keyword = "STREAMS",
     .keyword_from = 1,
     .last = -1,
     .limit = 2,
     .flags = kRO | kKeyAccess},
};

constexpr Arg kXreadStreamsArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0, .flags = kMultiple},
    {.name = "id", .type = ArgType::String, .flags = kMultiple},
};

constexpr Arg kXreadArgs[] = {
    {.name = "count", .type = ArgType::Integer, .token = "COUNT", .flags = kOptional},
    {.name = "milliseconds", .type = ArgType::Integer, .token = "BLOCK", .flags = kOptional},
    {.name = "streams", .type = ArgType::Block, .token = "STREAMS", .children = kXreadStreamsArgs},
};

constexpr KeySpec kXreadgroupKeys[] = {
    {.search = KeySearch::Keyword,
     .keyword = "STREAMS",
     .keyword_from = 4,
     .last = -1,
     .limit = 2,
     .flags = kRO | kKeyAccess},
};

constexpr Arg kXreadgroupGroupBlockArgs[] = {
    {.name = "group", .type = ArgType::String},
    {.name = "consumer", .type = ArgType::String},
};

constexpr Arg kXreadgroupArgs[] = {
    {.name = "group-block",
     .type = ArgType::Block,
     .token = "GROUP",
     .children = kXreadgroupGroupBlockArgs},
    {.name = "count", .type = ArgType::Integer, .token = "COUNT", .flags = kOptional},
    {.name = "milliseconds", .type = ArgType::Integer, .token = "BLOCK", .flags = kOptional},
    {.name = "noack", .type = ArgType::PureToken, .token = "NOACK", .flags = kOptional},
    {.name = "streams", .type = ArgType::Block, .token = "STREAMS", .children = kXreadStreamsArgs},
};

constexpr CommandSpec kCommands[] = {
    {.name = "XREAD",
     .summary =
         "Gets the entries of several streams behind an id of each, waiting for one if need be.",
     .since = "5.0.0",
     .group = Group::Stream,
     .arity = -4,
     .flags = kReadOnly | kBlocking,
     .keys = kXreadKeys,
     .args = kXreadArgs,
     .run = xread},
    {.name = "XREADGROUP",
     .summary = "Gets entries for a consumer of a group: new ones, which then are pending, or its "
                "pending ones; waits if need be.",
     .since = "5.0.0",
     .group = Group::Stream,
     .complexity = "O(N) a stream, N being the entries to get.",
     .arity = -7,
     .flags = kWrite | kBlocking,
     .keys = kXreadgroupKeys,
     .args = kXreadgroupArgs,
     .run = xreadgroup},
};

constexpr uint64_t kAll = ~uint64_t{0};

struct ReadOptions {
    bool grouped = false;
    bool waits = false;
    int64_t deadline_ms = kNoDeadline;
    uint64_t count = kAll;
    size_t group_at = 0;  // 0: none; the consumer follows.
    bool no_ack = false;
    size_t keys_at = 0;
    size_t streams = 0;
};

// One stream to read: what comes behind `after`, or with a group also what it has not handed out.
struct Source {
    size_t key_at;
    StreamId after;
    bool new_entries = false;  // ">"
    bool last_known = false;   // "$" or "+": when this runs again, it is this id.
};

Status set_streams(Call& call, size_t at, ReadOptions& options) {
    options.keys_at = at + 1;
    const size_t words = call.count() - options.keys_at;
    if (words % 2 != 0) {
        const std::string symbol = options.grouped ? ">" : "$";
        return Error("ERR Unbalanced '" + call.command().full_name() +
                     "' list of streams: for each stream key an ID or '" + symbol +
                     "' must be specified.");
    }
    options.streams = words / 2;
    return done();
}

Result<ReadOptions> parse_read(Call& call, bool grouped) {
    ReadOptions options{.grouped = grouped};
    for (size_t at = 1; at < call.count() && options.keys_at == 0; ++at) {
        const size_t more = call.count() - at - 1;
        if (call.arg_is(at, "BLOCK") && more >= 1) {
            options.waits = true;
            options.deadline_ms = TRY(deadline_in_milliseconds(call, ++at));
        } else if (call.arg_is(at, "COUNT") && more >= 1) {
            const int64_t count = TRY(call.integer(++at));
            options.count = count <= 0 ? kAll : static_cast<uint64_t>(count);
        } else if (call.arg_is(at, "STREAMS") && more >= 1) {
            (void)TRY(set_streams(call, at, options));
        } else if (call.arg_is(at, "GROUP") && more >= 2) {
            if (!grouped) {
                return ErrorText{
                    "ERR The GROUP option is only supported by XREADGROUP. You called XREAD "
                    "instead."};
            }
            options.group_at = at + 1;
            at += 2;
        } else if (call.arg_is(at, "NOACK")) {
            if (!grouped) {
                return ErrorText{
                    "ERR The NOACK option is only supported by XREADGROUP. You called XREAD "
                    "instead."};
            }
            options.no_ack = true;
        } else {
            return errors::kSyntax;
        }
    }
    if (options.keys_at == 0) return errors::kSyntax;
    if (grouped && options.group_at == 0)
        return ErrorText{"ERR Missing GROUP option for XREADGROUP"};
    return options;
}

Error no_group_to_read(Call& call, size_t key_at, size_t group_at) {
    return Error("NOGROUP No such key '" + std::string(until_zero(call.arg(key_at))) +
                 "' or consumer group '" + std::string(until_zero(call.arg(group_at))) +
                 "' in XREADGROUP with GROUP option");
}

Result<const Stream*> peek_stream(Call& call, size_t at) {
    const keyspace::Entry* entry = call.peek(at);
    if (entry == nullptr) return nullptr;
    if (entry->type() != Stream::kType) return errors::kWrongType;
    return static_cast<const Stream*>(entry->collection());
}

Status parse_source(Call& call, const ReadOptions& options, size_t id_at, Source& source) {
    const Stream* stream = TRY(peek_stream(call, source.key_at));
    if (options.grouped) {
        if (stream == nullptr || stream->find_group(call.arg(options.group_at)) == nullptr) {
            return no_group_to_read(call, source.key_at, options.group_at);
        }
    }
    const std::string_view id = until_zero(call.arg(id_at));
    if (id == "$") {
        if (options.grouped) {
            return ErrorText{
                "ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the "
                "history of this consumer by specifying a proper ID, or use the > ID to get new "
                "messages. The $ ID would just return an empty result set."};
        }
        source.last_known = true;
        if (stream != nullptr) source.after = stream->last_id();
    } else if (id == "+") {
        if (options.grouped) {
            return ErrorText{
                "ERR The + ID is meaningless in the context of XREADGROUP: you want to read the "
                "history of this consumer by specifying a proper ID, or use the > ID to get new "
                "messages. The + ID would just return an empty result set."};
        }
        source.last_known = true;
        if (stream == nullptr) return done();
        source.after = stream->last_id();
        source.after.decrement();
    } else if (id == ">") {
        if (!options.grouped) {
            return ErrorText{
                "ERR The > ID can be specified only when calling XREADGROUP using the GROUP "
                "<group> <consumer> option."};
        }
        source.new_entries = true;
    } else {
        source.after = TRY(stream_id_argument(call, id_at));
        // Compat: the highest ID is how ">" is kept.
        source.new_entries = options.grouped && source.after == StreamId::highest();
    }
    return done();
}

Result<std::vector<Source>> parse_sources(Call& call, const ReadOptions& options) {
    std::vector<Source> sources;
    for (size_t i = 0; i < options.streams; ++i) {
        Source source{.key_at = options.keys_at + i, .after = {}};
        (void)TRY(parse_source(call, options, source.key_at + options.streams, source));
        sources.push_back(source);
    }
    return sources;
}

// The reply of several streams: a map in RESP3, else pairs; opened with the first that has any.
class SourcesReply {
public:
    explicit SourcesReply(ReplyWriter& reply) : reply_(reply) {}
    void add(std::string_view key) {
        if (count_++ == 0) opened_ = reply_.open();
        if (reply_.protocol() == 2) reply_.array(2);
        reply_.bulk(key);
    }
    bool close() {
        if (count_ == 0) return false;
        if (reply_.protocol() == 2) {
            reply_.close_array(opened_, count_);
        } else {
            reply_.close_map(opened_, count_);
        }
        return true;
    }

private:
    ReplyWriter& reply_;
    size_t count_ = 0;
    size_t opened_ = 0;
};

void reply_behind(Call& call, const Stream& stream, StreamId after, uint64_t count) {
    ReplyWriter& reply = call.reply();
    const size_t opened = reply.open();
    uint64_t found = 0;
    if (after.increment()) {
        for (auto at = stream.seek(after); at && found < count; at = stream.next(at), ++found) {
            reply_entry(reply, stream, at);
        }
    }
    reply.close_array(opened, found);
}

// The command once more, with the ids that "$" and "+" stand for now.
Status wait(Call& call, const ReadOptions& options, const std::vector<Source>& sources) {
    std::vector<std::string_view> words(call.arguments().begin(), call.arguments().end());
    std::vector<std::string> ids;
    ids.reserve(sources.size());
    for (const Source& source : sources) {
        if (!source.last_known) continue;
        ids.emplace_back(StreamIdText(source.after).view());
        words[source.key_at + options.streams] = ids.back();
    }
    return call.block_on({.keys = call.arguments().subspan(options.keys_at, options.streams),
                          .type = Stream::kType,
                          .deadline_ms = options.deadline_ms,
                          .on_missing = options.grouped,
                          .words = words});
}

Status xread(Call& call) {
    const ReadOptions options = TRY(parse_read(call, false));
    const std::vector<Source> sources = TRY(parse_sources(call, options));
    SourcesReply reply(call.reply());
    for (const Source& source : sources) {
        const Stream* stream = TRY(call.read<Stream>(source.key_at));
        if (stream == nullptr || stream->last_live_id() <= source.after) continue;
        reply.add(call.arg(source.key_at));
        reply_behind(call, *stream, source.after, options.count);
    }
    if (reply.close()) return done();
    if (options.waits) return wait(call, options, sources);
    call.reply().null_array();
    return done();
}

// A group that is read by a consumer.
struct Reader {
    Stream& stream;
    ConsumerGroup& group;
    Consumer& consumer;
    GroupName name;
};

// The group has handed out the entry `id`.
void advance(const Reader& reader, const StreamId& id) {
    ConsumerGroup& group = reader.group;
    const bool counts = group.entries_read != ConsumerGroup::kUnknownCount &&
                        group.last_id >= reader.stream.first_id() &&
                        !reader.stream.has_gaps_from(group.last_id);
    if (counts) {
        group.entries_read = wrapping_add(group.entries_read, 1);
    } else if (reader.stream.entries_added() != 0) {
        group.entries_read = reader.stream.count_up_to(id);
    }
    group.last_id = id;
}

void hand_out_new(Call& call, const Reader& reader, const ReadOptions& options) {
    ReplyWriter& reply = call.reply();
    const size_t opened = reply.open();
    uint64_t found = 0;
    StreamId from = reader.group.last_id;
    if (from.increment()) {
        for (auto at = reader.stream.seek(from); at && found < options.count;
             at = reader.stream.next(at), ++found) {
            reply_entry(reply, reader.stream, at);
            advance(reader, at.id());
            if (options.no_ack) continue;
            PendingEntry& pending = reader.group.assign(at.id(), reader.consumer);
            pending.delivered_ms = call.now_ms();
            pending.deliveries = 1;
            propagate_pending(call, reader.name, reader.group, at.id(), pending);
        }
    }
    reply.close_array(opened, found);
    if (found == 0) return;
    call.engine().mark_dirty();
    propagate_position(call, reader.name, reader.group);
    if (!options.no_ack) reader.consumer.active_ms = call.now_ms();
}

// What the consumer has pending behind `after`; entries that are deleted have no fields.
void hand_out_again(Call& call, const Reader& reader, StreamId after, uint64_t count) {
    ReplyWriter& reply = call.reply();
    const size_t opened = reply.open();
    uint64_t found = 0;
    const auto& pending = reader.consumer.pending;
    for (auto id = pending.upper_bound(after); id != pending.end() && found < count;
         ++id, ++found) {
        const Stream::Cursor at = reader.stream.seek(*id);
        if (at && at.id() == *id) {
            reply_entry(reply, reader.stream, at);
            PendingEntry& entry = *reader.group.find_pending(*id);
            entry.delivered_ms = call.now_ms();
            ++entry.deliveries;
        } else {
            reply.array(2);
            reply_id(reply, *id);
            reply.null_array();
        }
    }
    reply.close_array(opened, found);
}

Status xreadgroup(Call& call) {
    const ReadOptions options = TRY(parse_read(call, true));
    const std::vector<Source> sources = TRY(parse_sources(call, options));
    const std::string_view group_name = call.arg(options.group_at);
    const std::string_view consumer_name = call.arg(options.group_at + 1);
    call.propagate_nothing();
    SourcesReply reply(call.reply());
    for (const Source& source : sources) {
        const std::string_view key = call.arg(source.key_at);
        Stream* stream = TRY(call.read_to_change<Stream>(source.key_at));
        ConsumerGroup& group = *stream->find_group(group_name);
        const bool is_new = group.find_consumer(consumer_name) == nullptr;
        const bool any = stream->size() != 0 && stream->last_live_id() > group.last_id;
        Consumer& consumer = touch_consumer(call, group, key, consumer_name);
        // Compat: otherwise a consumer is made there by the first entry that it gets.
        if (is_new && options.no_ack) {
            call.propagate_as({"XGROUP", "CREATECONSUMER", key, group_name, consumer_name});
        }
        if (source.new_entries && !any) continue;
        reply.add(key);
        const Reader reader{*stream, group, consumer, {key, group_name}};
        if (source.new_entries) {
            hand_out_new(call, reader, options);
        } else {
            hand_out_again(call, reader, source.after, options.count);
        }
    }
    if (reply.close()) return done();
    if (options.waits) return wait(call, options, sources);
    call.reply().null_array();
    return done();
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::streams::read
