// SPDX-License-Identifier: BSD-3-Clause
//
// LLEN, LINDEX, LRANGE, LPOS: what a list holds.

#include <algorithm>
#include <limits>

#include "base/numbers.h"
#include "commands/support/lists.h"
#include "engine/command.h"

namespace millrace::commands::lists::read {
namespace {

using namespace engine;
using namespace support;
using values::End;
using values::List;
using values::ListCursor;
using values::ListRoom;

Status llen(Call& call);
Status lindex(Call& call);
Status lrange(Call& call);
Status lpos(Call& call);

constexpr KeySpec kLlenKeys[] = {
    {.first = 1, .flags = kRO},
};

constexpr Arg kLlenArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
};

constexpr KeySpec kLindexKeys[] = {
    {.first = 1, .flags = kRO | kKeyAccess},
};

constexpr Arg kLindexArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "index", .type = ArgType::Integer},
};

constexpr Arg kLrangeArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "start", .type = ArgType::Integer},
    {.name = "stop", .type = ArgType::Integer},
};

constexpr Arg kLposArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "element", .type = ArgType::String},
    {.name = "rank", .type = ArgType::Integer, .token = "RANK", .flags = kOptional},
    {.name = "num-matches", .type = ArgType::Integer, .token = "COUNT", .flags = kOptional},
    {.name = "len", .type = ArgType::Integer, .token = "MAXLEN", .flags = kOptional},
};

constexpr CommandSpec kCommands[] = {
    {.name = "LLEN",
     .summary = "Counts the elements of a list.",
     .since = "1.0.0",
     .group = Group::List,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kReadOnly | kFast,
     .keys = kLlenKeys,
     .args = kLlenArgs,
     .run = llen},
    {.name = "LINDEX",
     .summary = "Gets the element at an index of a list; negative ones count from the back.",
     .since = "1.0.0",
     .group = Group::List,
     .complexity = "O(log N) and the walk within one block.",
     .arity = 3,
     .flags = kReadOnly,
     .keys = kLindexKeys,
     .args = kLindexArgs,
     .run = lindex},
    {.name = "LRANGE",
     .summary = "Gets the elements of a stretch of a list.",
     .since = "1.0.0",
     .group = Group::List,
     .complexity = "O(log N + M), M being the elements to get.",
     .arity = 4,
     .flags = kReadOnly,
     .keys = kLindexKeys,
     .args = kLrangeArgs,
     .run = lrange},
    {.name = "LPOS",
     .summary = "Finds where elements that are equal to a given one stand in a list.",
     .since = "6.0.6",
     .group = Group::List,
     .complexity = "O(N), N being the elements that are looked at.",
     .arity = -3,
     .flags = kReadOnly,
     .keys = kLindexKeys,
     .args = kLposArgs,
     .run = lpos},
};

Status llen(Call& call) {
    const List* list = TRY(call.read<List>(1));
    call.reply().integer(list == nullptr ? 0 : static_cast<int64_t>(list->size()));
    return done();
}

Status lindex(Call& call) {
    const List* list = TRY(call.read<List>(1));
    if (list == nullptr) {
        call.reply().null();
        return done();
    }
    ListRoom room;
    const ListCursor at = list->at(TRY(call.integer(2)), room);
    if (at) {
        call.reply().bulk(list->view(at, room));
    } else {
        call.reply().null();
    }
    return done();
}

Status lrange(Call& call) {
    const int64_t first = TRY(call.integer(2));
    const int64_t last = TRY(call.integer(3));
    const List* list = TRY(call.read<List>(1));
    const Stretch stretch = list == nullptr ? Stretch{} : stretch_of(*list, first, last);
    if (stretch.count == 0) {
        call.reply().constant(wire::kEmptyArray);
        return done();
    }
    call.reply().array(stretch.count);
    ListRoom room;
    ListCursor at = list->at(static_cast<int64_t>(stretch.from), room);
    for (uint64_t i = 0; i < stretch.count; ++i, at = list->next(at, room)) {
        call.reply().bulk(list->view(at, room));
    }
    return done();
}

struct PositionOptions {
    bool backwards = false;
    uint64_t skip = 0;  // Matches to pass over.
    bool counted = false;
    uint64_t count = 1;      // 0: all.
    uint64_t looks_max = 0;  // 0: no bound.
};

Result<PositionOptions> parse_position_options(Call& call) {
    constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
    PositionOptions options;
    for (size_t at = 3; at < call.count(); at += 2) {
        if (at + 1 == call.count()) return errors::kSyntax;
        if (call.arg_is(at, "RANK")) {
            const int64_t rank = TRY(call.integer(at + 1, -kMax, kMax));
            if (rank == 0) {
                return ErrorText{
                    "ERR RANK can't be zero: use 1 to start from the first match, 2 from the "
                    "second ... or use negative to start from the end of the list"};
            }
            options.backwards = rank < 0;
            options.skip = static_cast<uint64_t>(rank < 0 ? -rank : rank) - 1;
        } else if (call.arg_is(at, "COUNT")) {
            const auto count = parse_integer(call.arg(at + 1));
            if (!count || *count < 0) return ErrorText{"ERR COUNT can't be negative"};
            options.count = static_cast<uint64_t>(*count);
            options.counted = true;
        } else if (call.arg_is(at, "MAXLEN")) {
            const auto bound = parse_integer(call.arg(at + 1));
            if (!bound || *bound < 0) return ErrorText{"ERR MAXLEN can't be negative"};
            options.looks_max = static_cast<uint64_t>(*bound);
        } else {
            return errors::kSyntax;
        }
    }
    return options;
}

// Calls `found` with the index of every match, as far as the options go.
template <typename Found>
void find_matches(const List& list, std::string_view text, const PositionOptions& options,
                  Found&& found) {
    const auto size = static_cast<int64_t>(list.size());
    int64_t index = options.backwards ? size - 1 : 0;
    ListRoom room;
    ListCursor at = options.backwards ? list.last() : list.first();
    uint64_t matches = 0;
    for (uint64_t looks = 0; at && (options.looks_max == 0 || looks < options.looks_max); ++looks) {
        if (list.equals(at, text, room)) {
            ++matches;
            if (matches > options.skip) found(index);
            if (options.count != 0 && matches >= options.skip + options.count) return;
        }
        at = options.backwards ? list.previous(at, room) : list.next(at, room);
        index += options.backwards ? -1 : 1;
    }
}

Status lpos(Call& call) {
    const PositionOptions options = TRY(parse_position_options(call));
    const List* list = TRY(call.read<List>(1));
    ReplyWriter& reply = call.reply();
    if (options.counted) {
        const size_t opened = reply.open();
        size_t count = 0;
        if (list != nullptr) {
            find_matches(*list, call.arg(2), options, [&](int64_t index) {
                reply.integer(index);
                ++count;
            });
        }
        reply.close_array(opened, count);
        return done();
    }
    int64_t match = -1;
    if (list != nullptr) {
        find_matches(*list, call.arg(2), options, [&](int64_t index) { match = index; });
    }
    if (match < 0) {
        reply.null();
    } else {
        reply.integer(match);
    }
    return done();
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::lists::read
