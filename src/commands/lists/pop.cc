// SPDX-License-Identifier: BSD-3-Clause
//
// LPOP, RPOP, LMPOP and the commands that wait for an element: BLPOP, BRPOP, BLMPOP.

#include <algorithm>
#include <limits>

#include "base/numbers.h"
#include "commands/support/lists.h"
#include "commands/support/many_pop.h"
#include "commands/support/text.h"
#include "engine/blocking.h"
#include "engine/command.h"

namespace millrace::commands::lists::pop {
namespace {

using namespace engine;
using namespace support;
using values::End;
using values::List;
using values::ListCursor;

Status lpop(Call& call);
Status rpop(Call& call);
Status lmpop(Call& call);
Status blpop(Call& call);
Status brpop(Call& call);
Status blmpop(Call& call);

constexpr KeySpec kLpopKeys[] = {
    {.first = 1, .flags = kRW | kKeyAccess | kKeyDelete},
};

constexpr Arg kLpopArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "count", .type = ArgType::Integer, .flags = kOptional, .since = "6.2.0"},
};

constexpr HistoryEntry kLpopHistory[] = {
    {"6.2.0", "More than one element at once (`count`)."},
};

constexpr KeySpec kLmpopKeys[] = {
    {.first = 1,
     .find = KeyFind::KeyNumber,
     .number_at = 0,
     .keys_from = 1,
     .flags = kRW | kKeyAccess | kKeyDelete},
};

constexpr Arg kLmpopWhereArgs[] = {
    {.name = "left", .type = ArgType::PureToken, .token = "LEFT"},
    {.name = "right", .type = ArgType::PureToken, .token = "RIGHT"},
};

constexpr Arg kLmpopArgs[] = {
    {.name = "numkeys", .type = ArgType::Integer},
    {.name = "key", .type = ArgType::Key, .key_spec = 0, .flags = kMultiple},
    {.name = "where", .type = ArgType::OneOf, .children = kLmpopWhereArgs},
    {.name = "count", .type = ArgType::Integer, .token = "COUNT", .flags = kOptional},
};

constexpr KeySpec kBlpopKeys[] = {
    {.first = 1, .last = -2, .flags = kRW | kKeyAccess | kKeyDelete},
};

constexpr Arg kBlpopArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0, .flags = kMultiple},
    {.name = "timeout", .type = ArgType::Double},
};

constexpr HistoryEntry kBlpopHistory[] = {
    {"6.0.0", "The timeout may have fractions."},
};

constexpr KeySpec kBlmpopKeys[] = {
    {.first = 2,
     .find = KeyFind::KeyNumber,
     .number_at = 0,
     .keys_from = 1,
     .flags = kRW | kKeyAccess | kKeyDelete},
};

constexpr Arg kBlmpopArgs[] = {
    {.name = "timeout", .type = ArgType::Double},
    {.name = "numkeys", .type = ArgType::Integer},
    {.name = "key", .type = ArgType::Key, .key_spec = 0, .flags = kMultiple},
    {.name = "where", .type = ArgType::OneOf, .children = kLmpopWhereArgs},
    {.name = "count", .type = ArgType::Integer, .token = "COUNT", .flags = kOptional},
};

constexpr CommandSpec kCommands[] = {
    {.name = "LPOP",
     .summary = "Takes elements off the front of a list; the key goes with the last of them.",
     .since = "1.0.0",
     .group = Group::List,
     .complexity = "O(N), N being the elements to take.",
     .arity = -2,
     .flags = kWrite | kFast,
     .keys = kLpopKeys,
     .args = kLpopArgs,
     .history = kLpopHistory,
     .run = lpop},
    {.name = "RPOP",
     .summary = "Takes elements off the back of a list; the key goes with the last of them.",
     .since = "1.0.0",
     .group = Group::List,
     .complexity = "O(N), N being the elements to take.",
     .arity = -2,
     .flags = kWrite | kFast,
     .keys = kLpopKeys,
     .args = kLpopArgs,
     .history = kLpopHistory,
     .run = rpop},
    {.name = "LMPOP",
     .summary = "Takes elements off the first of several lists that has any.",
     .since = "7.0.0",
     .group = Group::List,
     .complexity = "O(N+M), N being the keys and M the elements to take.",
     .arity = -4,
     .flags = kWrite,
     .keys = kLmpopKeys,
     .args = kLmpopArgs,
     .run = lmpop},
    {.name = "BLPOP",
     .summary = "Takes an element off the front of the first of several lists that has any, "
                "waiting for one if need be.",
     .since = "2.0.0",
     .group = Group::List,
     .complexity = "O(N), N being the keys.",
     .arity = -3,
     .flags = kWrite | kBlocking,
     .keys = kBlpopKeys,
     .args = kBlpopArgs,
     .history = kBlpopHistory,
     .run = blpop},
    {.name = "BRPOP",
     .summary = "Takes an element off the back of the first of several lists that has any, waiting "
                "for one if need be.",
     .since = "2.0.0",
     .group = Group::List,
     .complexity = "O(N), N being the keys.",
     .arity = -3,
     .flags = kWrite | kBlocking,
     .keys = kBlpopKeys,
     .args = kBlpopArgs,
     .history = kBlpopHistory,
     .run = brpop},
    {.name = "BLMPOP",
     .summary =
         "Takes elements off the first of several lists that has any, waiting for one if need be.",
     .since = "7.0.0",
     .group = Group::List,
     .complexity = "O(N+M), N being the keys and M the elements to take.",
     .arity = -5,
     .flags = kWrite | kBlocking,
     .keys = kBlmpopKeys,
     .args = kBlmpopArgs,
     .run = blmpop},
};

Status pop(Call& call, End end) {
    if (call.count() > 3) {
        return Error("ERR wrong number of arguments for '" + call.command().full_name() +
                     "' command");
    }
    const bool has_count = call.count() == 3;
    uint64_t count = 1;
    if (has_count) {
        const auto asked = parse_integer(call.arg(2));
        if (!asked) return errors::kNotPositive;
        if (*asked < 0) return errors::kNotPositive;
        count = static_cast<uint64_t>(*asked);
    }
    KeyEdit edit = TRY(call.edit(1, List::kType));
    List* list = edit.value<List>();
    if (list == nullptr) {
        if (has_count) {
            call.reply().null_array();
        } else {
            call.reply().null();
        }
        return done();
    }
    if (count == 0) {
        call.reply().constant(wire::kEmptyArray);
        return done();
    }
    count = std::min(count, list->size());
    if (has_count) call.reply().array(count);
    take(call, *list, end, count);
    edit.value_changed();
    edit.commit_or_remove(EventClass::List, pop_event(end), count);
    return done();
}

Status lpop(Call& call) {
    return pop(call, End::Head);
}

Status rpop(Call& call) {
    return pop(call, End::Tail);
}

// Lists to pop from: arguments [keys_from, keys_end), and how.
struct Pops {
    size_t keys_from;
    size_t keys_end;
    End end = End::Head;
    uint64_t count = 1;
    bool one = false;  // BLPOP and BRPOP: answered as key and element.
};

// Pops from the first list that has anything; false if none has.
Result<bool> pop_first(Call& call, const Pops& asked) {
    for (size_t at = asked.keys_from; at < asked.keys_end; ++at) {
        KeyEdit edit = TRY(call.edit(at, List::kType));
        List* list = edit.value<List>();
        if (list == nullptr) continue;
        const uint64_t count = std::min(asked.count, list->size());
        call.reply().array(2);
        call.reply().bulk(call.arg(at));
        if (!asked.one) call.reply().array(count);
        take(call, *list, asked.end, count);
        edit.value_changed();
        edit.commit_or_remove(EventClass::List, pop_event(asked.end), count);
        const std::string_view name = asked.end == End::Head ? "LPOP" : "RPOP";
        if (asked.one) {
            call.propagate_as({name, call.arg(at)});
        } else {
            call.propagate_as(
                {name, call.arg(at), IntegerText(static_cast<int64_t>(count)).view()});
        }
        return true;
    }
    return false;
}

Status wait(Call& call, const Pops& asked, int64_t deadline_ms) {
    const auto keys = call.arguments().subspan(asked.keys_from, asked.keys_end - asked.keys_from);
    return call.block_on({.keys = keys, .type = List::kType, .deadline_ms = deadline_ms});
}

// Arguments from "numkeys" on.
Result<Pops> parse_many(Call& call, size_t from) {
    const ManyPop asked = TRY(parse_many_pop(call, from, "LEFT", "RIGHT"));
    return Pops{.keys_from = asked.keys_from,
                .keys_end = asked.keys_end,
                .end = asked.from_first ? End::Head : End::Tail,
                .count = asked.count};
}

Status lmpop(Call& call) {
    const Pops asked = TRY(parse_many(call, 1));
    if (!TRY(pop_first(call, asked))) call.reply().null_array();
    return done();
}

Status blmpop(Call& call) {
    const Pops asked = TRY(parse_many(call, 2));
    const int64_t deadline_ms = TRY(deadline_in_seconds(call, 1));
    if (TRY(pop_first(call, asked))) return done();
    return wait(call, asked, deadline_ms);
}

Status pop_one_or_wait(Call& call, End end) {
    const Pops asked{.keys_from = 1, .keys_end = call.count() - 1, .end = end, .one = true};
    const int64_t deadline_ms = TRY(deadline_in_seconds(call, asked.keys_end));
    if (TRY(pop_first(call, asked))) return done();
    return wait(call, asked, deadline_ms);
}

Status blpop(Call& call) {
    return pop_one_or_wait(call, End::Head);
}

Status brpop(Call& call) {
    return pop_one_or_wait(call, End::Tail);
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::lists::pop
