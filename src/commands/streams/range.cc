// SPDX-License-Identifier: BSD-3-Clause
//
// XLEN, XRANGE, XREVRANGE: the entries of a stream.

#include "base/numbers.h"
#include "commands/support/streams.h"
#include "engine/command.h"

namespace millrace::commands::streams::range {
namespace {

using namespace engine;
using namespace support;
using values::Stream;
using values::StreamId;

Status xlen(Call& call);
Status xrange(Call& call);
Status xrevrange(Call& call);

constexpr KeySpec kXlenKeys[] = {
    {.first = 1, .flags = kRO},
};

constexpr Arg kXlenArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
};

constexpr KeySpec kXrangeKeys[] = {
    {.first = 1, .flags = kRO | kKeyAccess},
};

constexpr Arg kXrangeArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "start", .type = ArgType::String},
    {.name = "end", .type = ArgType::String},
    {.name = "count", .type = ArgType::Integer, .token = "COUNT", .flags = kOptional},
};

constexpr HistoryEntry kXrangeHistory[] = {
    {"6.2.0", "Ends that are not part of the range."},
};

constexpr Arg kXrevrangeArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "end", .type = ArgType::String},
    {.name = "start", .type = ArgType::String},
    {.name = "count", .type = ArgType::Integer, .token = "COUNT", .flags = kOptional},
};

constexpr CommandSpec kCommands[] = {
    {.name = "XLEN",
     .summary = "Counts the entries of a stream.",
     .since = "5.0.0",
     .group = Group::Stream,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kReadOnly | kFast,
     .keys = kXlenKeys,
     .args = kXlenArgs,
     .run = xlen},
    {.name = "XRANGE",
     .summary = "Gets the entries of a stream between two ids.",
     .since = "5.0.0",
     .group = Group::Stream,
     .complexity = "O(log B + N), B being the blocks of the stream and N the entries to get.",
     .arity = -4,
     .flags = kReadOnly,
     .keys = kXrangeKeys,
     .args = kXrangeArgs,
     .history = kXrangeHistory,
     .run = xrange},
    {.name = "XREVRANGE",
     .summary = "Gets the entries of a stream between two ids, last ones first.",
     .since = "5.0.0",
     .group = Group::Stream,
     .complexity = "O(log B + N), B being the blocks of the stream and N the entries to get.",
     .arity = -4,
     .flags = kReadOnly,
     .keys = kXrangeKeys,
     .args = kXrevrangeArgs,
     .history = kXrangeHistory,
     .run = xrevrange},
};

Status xlen(Call& call) {
    const Stream* stream = TRY(call.read<Stream>(1));
    call.reply().integer(stream == nullptr ? 0 : static_cast<int64_t>(stream->size()));
    return done();
}

constexpr uint64_t kAll = ~uint64_t{0};

// Arguments from 4 on; negative counts are 0.
Result<uint64_t> parse_count(Call& call) {
    uint64_t count = kAll;
    for (size_t at = 4; at < call.count(); at += 2) {
        if (!call.arg_is(at, "COUNT") || at + 1 == call.count()) return errors::kSyntax;
        const int64_t asked = TRY(call.integer(at + 1));
        count = asked < 0 ? 0 : static_cast<uint64_t>(asked);
    }
    return count;
}

Status range(Call& call, bool backwards) {
    const size_t start_at = backwards ? 3 : 2;
    const StreamId start = TRY(interval_argument(call, start_at, IntervalEnd::Start));
    const StreamId stop = TRY(interval_argument(call, 5 - start_at, IntervalEnd::Stop));
    const uint64_t count = TRY(parse_count(call));
    const Stream* stream = TRY(call.read<Stream>(1));
    ReplyWriter& reply = call.reply();
    if (stream == nullptr) {
        reply.constant(wire::kEmptyArray);
        return done();
    }
    if (count == 0) {
        // Compat: not an empty array.
        reply.null_array();
        return done();
    }
    const size_t opened = reply.open();
    uint64_t found = 0;
    Stream::Cursor at = backwards ? stream->seek_back(stop) : stream->seek(start);
    while (at && found < count && at.id() >= start && at.id() <= stop) {
        reply_entry(reply, *stream, at);
        ++found;
        at = backwards ? stream->previous(at) : stream->next(at);
    }
    reply.close_array(opened, found);
    return done();
}

Status xrange(Call& call) {
    return range(call, false);
}

Status xrevrange(Call& call) {
    return range(call, true);
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::streams::range
