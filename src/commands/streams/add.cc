// SPDX-License-Identifier: BSD-3-Clause
//
// XADD, XTRIM, XDEL, XSETID: entries come and go.

#include <algorithm>
#include <string>
#include <vector>

#include "base/numbers.h"
#include "base/token.h"
#include "commands/support/streams.h"
#include "commands/support/text.h"
#include "engine/command.h"

namespace millrace::commands::streams::add {
namespace {

using namespace engine;
using namespace support;
using values::Stream;
using values::StreamId;
using values::StreamIdText;
using values::StreamTrim;

Status xadd(Call& call);
Status xtrim(Call& call);
Status xdel(Call& call);
Status xsetid(Call& call);

constexpr KeySpec kXaddKeys[] = {
    {.first = 1,
     .flags = kRW | kKeyUpdate,
     .notes = "UPDATE instead of INSERT because of the optional trimming feature"},
};

constexpr Arg kXaddTrimStrategyArgs[] = {
    {.name = "maxlen", .type = ArgType::PureToken, .token = "MAXLEN"},
    {.name = "minid", .type = ArgType::PureToken, .token = "MINID", .since = "6.2.0"},
};

constexpr Arg kXaddTrimOperatorArgs[] = {
    {.name = "equal", .type = ArgType::PureToken, .token = "="},
    {.name = "approximately", .type = ArgType::PureToken, .token = "~"},
};

constexpr Arg kXaddTrimArgs[] = {
    {.name = "strategy", .type = ArgType::OneOf, .children = kXaddTrimStrategyArgs},
    {.name = "operator",
     .type = ArgType::OneOf,
     .flags = kOptional,
     .children = kXaddTrimOperatorArgs},
    {.name = "threshold", .type = ArgType::String},
    {.name = "count",
     .type = ArgType::Integer,
     .token = "LIMIT",
     .flags = kOptional,
     .since = "6.2.0"},
};

constexpr Arg kXaddIdSelectorArgs[] = {
    {.name = "auto-id", .type = ArgType::PureToken, .token = "*"},
    {.name = "id", .type = ArgType::String},
};

constexpr Arg kXaddDataArgs[] = {
    {.name = "field", .type = ArgType::String},
    {.name = "value", .type = ArgType::String},
};

constexpr Arg kXaddArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "nomkstream",
     .type = ArgType::PureToken,
     .token = "NOMKSTREAM",
     .flags = kOptional,
     .since = "6.2.0"},
    {.name = "trim", .type = ArgType::Block, .flags = kOptional, .children = kXaddTrimArgs},
    {.name = "id-selector", .type = ArgType::OneOf, .children = kXaddIdSelectorArgs},
    {.name = "data", .type = ArgType::Block, .flags = kMultiple, .children = kXaddDataArgs},
};

constexpr std::string_view kXaddTips[] = {
    "nondeterministic_output",
};

constexpr HistoryEntry kXaddHistory[] = {
    {"6.2.0", "NOMKSTREAM, MINID and LIMIT."},
    {"7.0.0", "An id of which only the time is given: `<ms>-*`."},
};

constexpr KeySpec kXtrimKeys[] = {
    {.first = 1, .flags = kRW | kKeyDelete},
};

constexpr Arg kXtrimArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "trim", .type = ArgType::Block, .children = kXaddTrimArgs},
};

constexpr HistoryEntry kXtrimHistory[] = {
    {"6.2.0", "MINID and LIMIT."},
};

constexpr Arg kXdelArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "id", .type = ArgType::String, .flags = kMultiple},
};

constexpr KeySpec kXsetidKeys[] = {
    {.first = 1, .flags = kRW | kKeyUpdate},
};

constexpr Arg kXsetidArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "last-id", .type = ArgType::String},
    {.name = "entries-added",
     .type = ArgType::Integer,
     .token = "ENTRIESADDED",
     .flags = kOptional,
     .since = "7.0.0"},
    {.name = "max-deleted-id",
     .type = ArgType::String,
     .token = "MAXDELETEDID",
     .flags = kOptional,
     .since = "7.0.0"},
};

constexpr HistoryEntry kXsetidHistory[] = {
    {"7.0.0", "The arguments `entries_added` and `max_deleted_entry_id`."},
};

constexpr CommandSpec kCommands[] = {
    {.name = "XADD",
     .summary = "Adds an entry to a stream, and makes the stream if there is none.",
     .since = "5.0.0",
     .group = Group::Stream,
     .complexity = "O(1), and O(N) to trim, N being the entries removed.",
     .arity = -5,
     .flags = kWrite | kDenyOom | kFast,
     .keys = kXaddKeys,
     .args = kXaddArgs,
     .tips = kXaddTips,
     .history = kXaddHistory,
     .run = xadd},
    {.name = "XTRIM",
     .summary = "Removes old entries of a stream.",
     .since = "5.0.0",
     .group = Group::Stream,
     .complexity = "O(N), N being the entries removed; whole blocks go at once.",
     .arity = -4,
     .flags = kWrite,
     .keys = kXtrimKeys,
     .args = kXtrimArgs,
     .tips = kXaddTips,
     .history = kXtrimHistory,
     .run = xtrim},
    {.name = "XDEL",
     .summary = "Deletes entries of a stream.",
     .since = "5.0.0",
     .group = Group::Stream,
     .complexity = "O(log B) an entry, B being the blocks of the stream.",
     .arity = -3,
     .flags = kWrite | kFast,
     .keys = kXtrimKeys,
     .args = kXdelArgs,
     .run = xdel},
    {.name = "XSETID",
     .summary = "Sets the last id of a stream; meant for the server itself.",
     .since = "5.0.0",
     .group = Group::Stream,
     .complexity = "O(1)",
     .arity = -3,
     .flags = kWrite | kDenyOom | kFast,
     .keys = kXsetidKeys,
     .args = kXsetidArgs,
     .history = kXsetidHistory,
     .run = xsetid},
};

// What XADD and XTRIM are told before the id, or altogether.
struct AddOptions {
    StreamTrim trim;
    size_t trim_at = 0;  // The argument of MAXLEN or MINID.
    bool approximate = false;
    int64_t limit = 0;
    bool limit_given = false;
    bool make = true;
    size_t id_at = 0;
    std::optional<StreamId> id;
    bool number_given = true;
};

// MAXLEN or MINID, with the "=" or "~" that may follow; leaves `at` on its argument.
Status parse_threshold(Call& call, size_t& at, AddOptions& options) {
    const bool by_length = call.arg_is(at, "MAXLEN");
    if (options.trim.kind != StreamTrim::Kind::None) {
        return ErrorText{
            "ERR syntax error, MAXLEN and MINID options at the same time are not compatible"};
    }
    ++at;
    options.approximate = false;
    if (at + 1 < call.count() && (call.arg_is(at, "~") || call.arg_is(at, "="))) {
        options.approximate = call.arg_is(at, "~");
        ++at;
    }
    if (by_length) {
        const int64_t length = TRY(call.integer(at));
        if (length < 0) return ErrorText{"ERR The MAXLEN argument must be >= 0."};
        options.trim.length = static_cast<uint64_t>(length);
    } else {
        options.trim.id = TRY(stream_id_argument(call, at));
    }
    options.trim.kind = by_length ? StreamTrim::Kind::Length : StreamTrim::Kind::Id;
    options.trim_at = at;
    return done();
}

// "ms-*" leaves the number open.
Status parse_new_id(Call& call, size_t at, AddOptions& options) {
    if (call.arg(at).size() > kIdSizeMax) return kInvalidStreamId;
    std::string_view text = until_zero(call.arg(at));
    options.number_given = !text.ends_with("-*");
    if (!options.number_given) text.remove_suffix(2);
    options.id = parse_stream_id(text, 0);
    if (!options.id) return kInvalidStreamId;
    if (!options.number_given && text.find('-') != text.npos) return kInvalidStreamId;
    return done();
}

Status parse_limit(Call& call, size_t at, AddOptions& options) {
    options.limit = TRY(call.integer(at));
    if (options.limit < 0) return ErrorText{"ERR The LIMIT argument must be >= 0."};
    options.limit_given = true;
    return done();
}

// What one trim may remove if nobody says, so that it does not take long.
uint64_t default_limit(Call& call) {
    constexpr int64_t kWithoutBlocks = 10000;
    constexpr int64_t kMax = 1000000;
    const int64_t entries = call.keyspace().encodings().stream_node_max_entries;
    if (entries <= 0) return kWithoutBlocks;
    return static_cast<uint64_t>(entries > kMax / 100 ? kMax : 100 * entries);
}

Status check_trim(Call& call, bool adds, AddOptions& options) {
    const bool trims = options.trim.kind != StreamTrim::Kind::None;
    if (options.limit != 0 && !trims) {
        return ErrorText{
            "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy"};
    }
    if (!adds && !trims) {
        return ErrorText{"ERR syntax error, XTRIM must be called with a trimming strategy"};
    }
    // Compat: a log has it beside the exact number that trimming came to.
    const bool of_a_log = (call.engine().conditions() & kLoadingData) != 0;
    if (options.limit_given && !options.approximate && !of_a_log) {
        return ErrorText{"ERR syntax error, LIMIT cannot be used without the special ~ option"};
    }
    options.trim.whole_blocks = options.approximate;
    if (options.approximate) {
        options.trim.removed_max =
            options.limit_given ? static_cast<uint64_t>(options.limit) : default_limit(call);
    }
    return done();
}

Result<AddOptions> parse_options(Call& call, bool adds) {
    AddOptions options;
    size_t at = 2;
    for (; at < call.count(); ++at) {
        const bool more = at + 1 < call.count();
        if (adds && until_zero(call.arg(at)) == "*") break;
        if (more && (call.arg_is(at, "MAXLEN") || call.arg_is(at, "MINID"))) {
            (void)TRY(parse_threshold(call, at, options));
        } else if (more && call.arg_is(at, "LIMIT")) {
            (void)TRY(parse_limit(call, ++at, options));
        } else if (adds && call.arg_is(at, "NOMKSTREAM")) {
            options.make = false;
        } else if (adds) {
            (void)TRY(parse_new_id(call, at, options));
            break;
        } else {
            return errors::kSyntax;
        }
    }
    options.id_at = at;
    (void)TRY(check_trim(call, adds, options));
    return options;
}

// What is propagated trims to what is there, and has the id that was made.
void propagate(Call& call, const AddOptions& options, const Stream& stream, const StreamId* id) {
    if (!call.propagates()) return;
    std::vector<std::string_view> words(call.arguments().begin(), call.arguments().end());
    // Compat: deleted entries count.
    const StreamIdText first(stream.first_kept_id());
    const IntegerText length(static_cast<int64_t>(stream.size()));
    if (options.approximate) {
        words[options.trim_at - 1] = "=";
        words[options.trim_at] =
            options.trim.kind == StreamTrim::Kind::Length ? length.view() : first.view();
    }
    const StreamIdText added(id == nullptr ? StreamId{} : *id);
    if (id != nullptr) words[options.id_at] = added.view();
    call.propagate_as(words);
}

Result<StreamId> next_id(Call& call, const AddOptions& options, const Stream* stream) {
    constexpr ErrorText kTooSmall{
        "ERR The ID specified in XADD is equal or smaller than the target stream top item"};
    const StreamId last = stream == nullptr ? StreamId{} : stream->last_id();
    if (last == StreamId::highest()) {
        return ErrorText{
            "ERR The stream has exhausted the last possible ID, unable to add more items"};
    }
    StreamId id;
    if (!options.id) {
        id.ms = static_cast<uint64_t>(call.now_ms());
        if (id.ms <= last.ms) {
            id = last;
            id.increment();
        }
        return id;
    }
    id = *options.id;
    if (!options.number_given && id.ms == last.ms) {
        if (last.number == StreamId::kMax) return kTooSmall;
        id.number = last.number + 1;
    }
    if (id <= last) return kTooSmall;
    return id;
}

Status xadd(Call& call) {
    const AddOptions options = TRY(parse_options(call, true));
    const size_t words_at = options.id_at + 1;
    if (words_at + 2 > call.count() || (call.count() - words_at) % 2 != 0) {
        return ErrorText{"ERR wrong number of arguments for 'xadd' command"};
    }
    if (options.id && options.number_given && options.id->is_zero()) {
        return ErrorText{"ERR The ID specified in XADD must be greater than 0-0"};
    }
    KeyEdit edit = TRY(call.edit(1, Stream::kType));
    if (!edit.exists() && !options.make) {
        call.reply().null();
        return done();
    }
    const auto pairs = call.arguments().subspan(words_at);
    size_t bytes = 0;
    for (const std::string_view word : pairs) bytes += word.size();
    if (bytes > Stream::kEntryBytesMax) return ErrorText{"ERR Elements are too large to be stored"};
    const StreamId id = TRY(next_id(call, options, edit.value<Stream>()));

    Stream& stream = edit.value_or_make<Stream>();
    const keyspace::EncodingSettings& settings = call.keyspace().encodings();
    stream.append(id, pairs, {settings.stream_node_max_bytes, settings.stream_node_max_entries});
    edit.value_changed();
    edit.commit(EventClass::Stream, "xadd");
    reply_id(call.reply(), id);
    if (options.trim.kind != StreamTrim::Kind::None && stream.trim(options.trim) != 0) {
        call.engine().emit(EventClass::Stream, "xtrim", call.arg(1), call.db());
    }
    const bool id_made = !options.id || !options.number_given;
    propagate(call, options, stream, id_made ? &id : nullptr);
    return done();
}

Status xtrim(Call& call) {
    const AddOptions options = TRY(parse_options(call, false));
    KeyEdit edit = TRY(call.edit(1, Stream::kType));
    uint64_t removed = 0;
    if (Stream* stream = edit.value<Stream>()) {
        removed = stream->trim(options.trim);
        if (removed != 0) {
            edit.value_changed();
            edit.commit(EventClass::Stream, "xtrim", removed);
            propagate(call, options, *stream, nullptr);
        }
    }
    call.reply().integer(static_cast<int64_t>(removed));
    return done();
}

Status xdel(Call& call) {
    KeyEdit edit = TRY(call.edit(1, Stream::kType));
    Stream* stream = edit.value<Stream>();
    if (stream == nullptr) {
        call.reply().integer(0);
        return done();
    }
    std::vector<StreamId> ids;
    for (size_t at = 2; at < call.count(); ++at) ids.push_back(TRY(stream_id_argument(call, at)));
    uint64_t deleted = 0;
    for (const StreamId& id : ids) deleted += stream->erase(id);
    if (deleted != 0) {
        stream->settle_first();
        edit.value_changed();
        edit.commit(EventClass::Stream, "xdel", deleted);
    }
    call.reply().integer(static_cast<int64_t>(deleted));
    return done();
}

struct SetIdOptions {
    StreamId id;
    std::optional<int64_t> entries_added;
    StreamId max_deleted;
};

Result<SetIdOptions> parse_set_id(Call& call) {
    SetIdOptions options{.id = TRY(stream_id_argument(call, 2))};
    for (size_t at = 3; at < call.count(); at += 2) {
        if (at + 1 == call.count()) return errors::kSyntax;
        if (call.arg_is(at, "ENTRIESADDED")) {
            const int64_t added = TRY(call.integer(at + 1));
            if (added < 0) return ErrorText{"ERR entries_added must be positive"};
            options.entries_added = added;
        } else if (call.arg_is(at, "MAXDELETEDID")) {
            options.max_deleted = TRY(stream_id_argument(call, at + 1));
            if (options.id < options.max_deleted) {
                return ErrorText{
                    "ERR The ID specified in XSETID is smaller than the provided "
                    "max_deleted_entry_id"};
            }
        } else {
            return errors::kSyntax;
        }
    }
    return options;
}

Status xsetid(Call& call) {
    const SetIdOptions options = TRY(parse_set_id(call));
    KeyEdit edit = TRY(call.edit(1, Stream::kType));
    Stream* stream = edit.value<Stream>();
    if (stream == nullptr) return errors::kNoSuchKey;
    if (options.id < stream->max_deleted_id()) {
        return ErrorText{
            "ERR The ID specified in XSETID is smaller than current max_deleted_entry_id"};
    }
    if (stream->size() > 0) {
        if (options.id < stream->last_live_id()) {
            return ErrorText{
                "ERR The ID specified in XSETID is smaller than the target stream top item"};
        }
        if (options.entries_added &&
            stream->size() > static_cast<uint64_t>(*options.entries_added)) {
            return ErrorText{
                "ERR The entries_added specified in XSETID is smaller than the target stream "
                "length"};
        }
    }
    stream->set_last_id(options.id);
    if (options.entries_added) {
        stream->set_entries_added(static_cast<uint64_t>(*options.entries_added));
    }
    if (!options.max_deleted.is_zero()) stream->set_max_deleted_id(options.max_deleted);
    edit.value_changed();
    edit.commit(EventClass::Stream, "xsetid");
    call.reply().ok();
    return done();
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::streams::add
