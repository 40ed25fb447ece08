// SPDX-License-Identifier: BSD-3-Clause
//
// LMOVE, RPOPLPUSH, and BLMOVE, BRPOPLPUSH that wait: an element goes from one list to another.

#include <string>

#include "commands/support/lists.h"
#include "engine/blocking.h"
#include "engine/command.h"

namespace millrace::commands::lists::move {
namespace {

using namespace engine;
using namespace support;
using values::End;
using values::List;
using values::ListCursor;

Status lmove(Call& call);
Status rpoplpush(Call& call);
Status blmove(Call& call);
Status brpoplpush(Call& call);

constexpr KeySpec kLmoveKeys[] = {
    {.first = 1, .flags = kRW | kKeyAccess | kKeyDelete},
    {.first = 2, .flags = kRW | kKeyInsert},
};

constexpr Arg kLmoveWherefromArgs[] = {
    {.name = "left", .type = ArgType::PureToken, .token = "LEFT"},
    {.name = "right", .type = ArgType::PureToken, .token = "RIGHT"},
};

constexpr Arg kLmoveArgs[] = {
    {.name = "source", .type = ArgType::Key, .key_spec = 0},
    {.name = "destination", .type = ArgType::Key, .key_spec = 1},
    {.name = "wherefrom", .type = ArgType::OneOf, .children = kLmoveWherefromArgs},
    {.name = "whereto", .type = ArgType::OneOf, .children = kLmoveWherefromArgs},
};

constexpr Arg kRpoplpushArgs[] = {
    {.name = "source", .type = ArgType::Key, .key_spec = 0},
    {.name = "destination", .type = ArgType::Key, .key_spec = 1},
};

constexpr Arg kBlmoveArgs[] = {
    {.name = "source", .type = ArgType::Key, .key_spec = 0},
    {.name = "destination", .type = ArgType::Key, .key_spec = 1},
    {.name = "wherefrom", .type = ArgType::OneOf, .children = kLmoveWherefromArgs},
    {.name = "whereto", .type = ArgType::OneOf, .children = kLmoveWherefromArgs},
    {.name = "timeout", .type = ArgType::Double},
};

constexpr Arg kBrpoplpushArgs[] = {
    {.name = "source", .type = ArgType::Key, .key_spec = 0},
    {.name = "destination", .type = ArgType::Key, .key_spec = 1},
    {.name = "timeout", .type = ArgType::Double},
};

constexpr HistoryEntry kBrpoplpushHistory[] = {
    {"6.0.0", "The timeout may have fractions."},
};

constexpr CommandSpec kCommands[] = {
    {.name = "LMOVE",
     .summary =
         "Moves an element from an end of one list to an end of another, or of the same one.",
     .since = "6.2.0",
     .group = Group::List,
     .complexity = "O(1)",
     .arity = 5,
     .flags = kWrite | kDenyOom,
     .keys = kLmoveKeys,
     .args = kLmoveArgs,
     .run = lmove},
    {.name = "RPOPLPUSH",
     .summary = "Moves the last element of a list to the front of another, or of the same one.",
     .since = "1.2.0",
     .group = Group::List,
     .complexity = "O(1)",
     .arity = 3,
     .flags = kWrite | kDenyOom,
     .keys = kLmoveKeys,
     .args = kRpoplpushArgs,
     .run = rpoplpush},
    {.name = "BLMOVE",
     .summary = "Moves an element from an end of one list to an end of another, waiting for it if "
                "need be.",
     .since = "6.2.0",
     .group = Group::List,
     .complexity = "O(1)",
     .arity = 6,
     .flags = kWrite | kDenyOom | kBlocking,
     .keys = kLmoveKeys,
     .args = kBlmoveArgs,
     .run = blmove},
    {.name = "BRPOPLPUSH",
     .summary =
         "Moves the last element of a list to the front of another, waiting for it if need be.",
     .since = "2.2.0",
     .group = Group::List,
     .complexity = "O(1)",
     .arity = 4,
     .flags = kWrite | kDenyOom | kBlocking,
     .keys = kLmoveKeys,
     .args = kBrpoplpushArgs,
     .history = kBrpoplpushHistory,
     .run = brpoplpush},
};

struct Move {
    End from;
    End to;
};

Result<Move> parse_move(Call& call) {
    const End from = TRY(end_argument(call, 3));
    return Move{from, TRY(end_argument(call, 4))};
}

std::string take_text(List& list, End end) {
    const ListCursor at = end == End::Head ? list.first() : list.last();
    values::ListRoom room;
    std::string text(list.view(at, room));
    list.erase(at);
    return text;
}

// Within one list, in one edit.
void rotate(Call& call, Move move) {
    KeyEdit edit = call.edit(1);
    List& list = *edit.value<List>();
    const std::string text = take_text(list, move.from);
    list.make_room(list_settings(call), text.size(), 1);
    list.push(move.to, text);
    list.settle(list_settings(call));
    edit.value_changed();
    edit.commit(EventClass::List, push_event(move.to));
    call.engine().emit(EventClass::List, pop_event(move.from), call.arg(1), call.db());
    call.reply().bulk(text);
}

// Compat: listeners hear of the destination first.
void transfer(Call& call, Move move) {
    const List& source = *call.edit(1).value<List>();
    const ListCursor at = move.from == End::Head ? source.first() : source.last();
    values::ListRoom room;
    const std::string_view text = source.view(at, room);
    KeyEdit destination = call.edit(2);
    List& target = destination.value_or_make<List>();
    target.make_room(list_settings(call), text.size(), 1);
    target.push(move.to, text);
    destination.value_changed();
    destination.commit(EventClass::List, push_event(move.to), 0);

    KeyEdit edit = call.edit(1);
    take(call, *edit.value<List>(), move.from, 1);
    edit.value_changed();
    edit.commit_or_remove(EventClass::List, pop_event(move.from));
}

// False if there is nothing to move.
Result<bool> move_element(Call& call, Move move) {
    if (!TRY(call.edit(1, List::kType)).exists()) return false;
    (void)TRY(call.edit(2, List::kType));
    if (call.arg(1) == call.arg(2)) {
        rotate(call, move);
    } else {
        transfer(call, move);
    }
    return true;
}

Status move_or_wait(Call& call, Move move, size_t timeout_at) {
    const int64_t deadline_ms = TRY(deadline_in_seconds(call, timeout_at));
    if (!TRY(move_element(call, move))) {
        return call.block_on({.keys = call.arguments().subspan(1, 1),
                              .type = List::kType,
                              .deadline_ms = deadline_ms,
                              .not_allowed = reply_nothing});
    }
    if (timeout_at == 3) {
        call.propagate_as({"RPOPLPUSH", call.arg(1), call.arg(2)});
    } else {
        call.propagate_as({"LMOVE", call.arg(1), call.arg(2), call.arg(3), call.arg(4)});
    }
    return done();
}

Status lmove(Call& call) {
    const Move move = TRY(parse_move(call));
    if (!TRY(move_element(call, move))) call.reply().null();
    return done();
}

Status rpoplpush(Call& call) {
    if (!TRY(move_element(call, {End::Tail, End::Head}))) call.reply().null();
    return done();
}

Status blmove(Call& call) {
    const Move move = TRY(parse_move(call));
    return move_or_wait(call, move, 5);
}

Status brpoplpush(Call& call) {
    return move_or_wait(call, {End::Tail, End::Head}, 3);
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::lists::move
