// SPDX-License-Identifier: BSD-3-Clause
#include "commands/support/streams.h"

#include <string>

#include "base/token.h"
#include "commands/support/text.h"

namespace millrace::commands::support {

using engine::Call;
using engine::EventClass;
using engine::ReplyWriter;
using values::Consumer;
using values::ConsumerGroup;
using values::Stream;
using values::StreamId;
using values::StreamIdText;

namespace {

// Compat: what strtoull() takes is taken: leading zeros, blanks before the number, a plus sign; and
// a minus sign behind a blank, which gives the number's distance to 2^64.
std::optional<uint64_t> parse_part(std::string_view text) {
    const size_t digits_from = text.find_first_not_of(" \t\n\v\f\r");
    if (digits_from == text.npos) return std::nullopt;
    const bool blanks = digits_from > 0;
    text.remove_prefix(digits_from);
    const bool negative = blanks && text.front() == '-';
    if (negative || text.front() == '+') text.remove_prefix(1);
    if (text.empty()) return std::nullopt;
    uint64_t value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        if (__builtin_mul_overflow(value, uint64_t{10}, &value)) return std::nullopt;
        if (__builtin_add_overflow(value, static_cast<uint64_t>(c - '0'), &value)) {
            return std::nullopt;
        }
    }
    return negative ? 0 - value : value;
}

}  // namespace

std::optional<StreamId> parse_stream_id(std::string_view text, uint64_t missing_number) {
    if (text.size() > kIdSizeMax) return std::nullopt;
    text = until_zero(text);
    const size_t dash = text.find('-');
    const auto ms = parse_part(text.substr(0, dash));
    if (!ms) return std::nullopt;
    if (dash == text.npos) return StreamId{*ms, missing_number};
    const auto number = parse_part(text.substr(dash + 1));
    if (!number) return std::nullopt;
    return StreamId{*ms, *number};
}

Result<StreamId> stream_id_argument(Call& call, size_t at, uint64_t missing_number) {
    const auto id = parse_stream_id(call.arg(at), missing_number);
    if (!id) return kInvalidStreamId;
    return *id;
}

Result<StreamId> interval_argument(Call& call, size_t at, IntervalEnd end) {
    std::string_view text = call.arg(at);
    if (text.size() > kIdSizeMax) return kInvalidStreamId;
    text = until_zero(text);
    if (text == "-") return StreamId{};
    if (text == "+") return StreamId::highest();
    const bool excluded = text.size() > 1 && text.front() == '(';
    if (excluded) text.remove_prefix(1);
    const auto id = parse_stream_id(text, end == IntervalEnd::Start ? 0 : StreamId::kMax);
    if (!id) return kInvalidStreamId;
    StreamId moved = *id;
    if (!excluded) return moved;
    if (end == IntervalEnd::Start) {
        if (!moved.increment()) return ErrorText{"ERR invalid start ID for the interval"};
    } else if (!moved.decrement()) {
        return ErrorText{"ERR invalid end ID for the interval"};
    }
    return moved;
}

void reply_id(ReplyWriter& reply, const StreamId& id) {
    reply.bulk(StreamIdText(id).view());
}

void reply_entry(ReplyWriter& reply, const Stream& stream, const Stream::Cursor& cursor) {
    reply.array(2);
    reply_id(reply, cursor.id());
    reply.array(2 * cursor.field_count());
    stream.for_each_pair(cursor, [&](std::string_view field, std::string_view value) {
        reply.bulk(field);
        reply.bulk(value);
    });
}

Error no_group(Call& call, size_t key_at, size_t group_at) {
    return Error("NOGROUP No such key '" + std::string(until_zero(call.arg(key_at))) +
                 "' or consumer group '" + std::string(until_zero(call.arg(group_at))) + "'");
}

Result<ConsumerGroup*> group_argument(Call& call, Stream* stream, size_t key_at, size_t group_at) {
    ConsumerGroup* group = stream == nullptr ? nullptr : stream->find_group(call.arg(group_at));
    if (group == nullptr) return no_group(call, key_at, group_at);
    return group;
}

Result<const ConsumerGroup*> group_argument(Call& call, const Stream* stream, size_t key_at,
                                            size_t group_at) {
    const ConsumerGroup* group =
        stream == nullptr ? nullptr : stream->find_group(call.arg(group_at));
    if (group == nullptr) return no_group(call, key_at, group_at);
    return group;
}

Consumer& touch_consumer(Call& call, ConsumerGroup& group, std::string_view key,
                         std::string_view name) {
    if (Consumer* consumer = group.find_consumer(name)) {
        consumer->seen_ms = call.now_ms();
        return *consumer;
    }
    call.engine().emit(EventClass::Stream, "xgroup-createconsumer", key, call.db());
    call.engine().mark_dirty();
    return group.add_consumer(name, call.now_ms());
}

void propagate_pending(Call& call, const GroupName& name, const ConsumerGroup& group,
                       const StreamId& id, const values::PendingEntry& entry) {
    if (!call.propagates()) return;
    call.propagate_as({"XCLAIM", name.key, name.group, entry.consumer->name, "0",
                       StreamIdText(id).view(), "TIME", IntegerText(entry.delivered_ms).view(),
                       "RETRYCOUNT", IntegerText(static_cast<int64_t>(entry.deliveries)).view(),
                       "FORCE", "JUSTID", "LASTID", StreamIdText(group.last_id).view()});
}

void propagate_position(Call& call, const GroupName& name, const ConsumerGroup& group) {
    if (!call.propagates()) return;
    call.propagate_as({"XGROUP", "SETID", name.key, name.group, StreamIdText(group.last_id).view(),
                       "ENTRIESREAD", IntegerText(group.entries_read).view()});
}

}  // namespace millrace::commands::support
