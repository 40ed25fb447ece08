// SPDX-License-Identifier: BSD-3-Clause
//
// What commands on streams share: reading ids, answering entries, and the commands by which the
// state of a consumer group is propagated.
//
// Threads: main thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "engine/call.h"
#include "values/stream.h"

namespace millrace::commands::support {

inline constexpr ErrorText kInvalidStreamId{
    "ERR Invalid stream ID specified as stream command argument"};

inline constexpr size_t kIdSizeMax = 127;
// "ms-number", or "ms" with `missing_number` after it. Nothing else.
std::optional<values::StreamId> parse_stream_id(std::string_view text, uint64_t missing_number);
Result<values::StreamId> stream_id_argument(engine::Call& call, size_t at,
                                            uint64_t missing_number = 0);

// The end of an interval: an id, "-", "+", or "(" and an id that is not part of it.
enum class IntervalEnd : uint8_t { Start, Stop };
Result<values::StreamId> interval_argument(engine::Call& call, size_t at, IntervalEnd end);

// [id, [field, value ...]]
void reply_entry(engine::ReplyWriter& reply, const values::Stream& stream,
                 const values::Stream::Cursor& cursor);
void reply_id(engine::ReplyWriter& reply, const values::StreamId& id);

// The error of a key or group that is not there.
Error no_group(engine::Call& call, size_t key_at, size_t group_at);
// The group, which must be there.
Result<values::ConsumerGroup*> group_argument(engine::Call& call, values::Stream* stream,
                                              size_t key_at, size_t group_at);
Result<const values::ConsumerGroup*> group_argument(engine::Call& call,
                                                    const values::Stream* stream, size_t key_at,
                                                    size_t group_at);

// The consumer of that name, made and announced if there is none; it has been seen now.
values::Consumer& touch_consumer(engine::Call& call, values::ConsumerGroup& group,
                                 std::string_view key, std::string_view name);

// A group of a key, as propagated commands name it.
struct GroupName {
    std::string_view key;
    std::string_view group;
};

// XCLAIM that brings a replica's pending entry to the same state.
void propagate_pending(engine::Call& call, const GroupName& name,
                       const values::ConsumerGroup& group, const values::StreamId& id,
                       const values::PendingEntry& entry);
// XGROUP SETID with what the group has read.
void propagate_position(engine::Call& call, const GroupName& name,
                        const values::ConsumerGroup& group);

}  // namespace millrace::commands::support
