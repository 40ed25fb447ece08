// SPDX-License-Identifier: BSD-3-Clause
//
// LPUSH, RPUSH, LPUSHX, RPUSHX: elements are added at the ends.

#include "commands/support/lists.h"
#include "engine/command.h"

namespace millrace::commands::lists::push {
namespace {

using namespace engine;
using namespace support;
using values::End;
using values::List;
using values::ListCursor;

Status lpush(Call& call);
Status rpush(Call& call);
Status lpushx(Call& call);
Status rpushx(Call& call);

constexpr KeySpec kLpushKeys[] = {
    {.first = 1, .flags = kRW | kKeyInsert},
};

constexpr Arg kLpushArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "element", .type = ArgType::String, .flags = kMultiple},
};

constexpr HistoryEntry kLpushHistory[] = {
    {"2.4.0", "More than one element at once."},
};

constexpr HistoryEntry kLpushxHistory[] = {
    {"4.0.0", "More than one element at once."},
};

constexpr CommandSpec kCommands[] = {
    {.name = "LPUSH",
     .summary = "Puts elements in front of a list, one after the other, and makes the list if "
                "there is none.",
     .since = "1.0.0",
     .group = Group::List,
     .complexity = "O(N), N being the elements to add.",
     .arity = -3,
     .flags = kWrite | kDenyOom | kFast,
     .keys = kLpushKeys,
     .args = kLpushArgs,
     .history = kLpushHistory,
     .run = lpush},
    {.name = "RPUSH",
     .summary =
         "Puts elements behind a list, one after the other, and makes the list if there is none.",
     .since = "1.0.0",
     .group = Group::List,
     .complexity = "O(N), N being the elements to add.",
     .arity = -3,
     .flags = kWrite | kDenyOom | kFast,
     .keys = kLpushKeys,
     .args = kLpushArgs,
     .history = kLpushHistory,
     .run = rpush},
    {.name = "LPUSHX",
     .summary = "Puts elements in front of a list that exists.",
     .since = "2.2.0",
     .group = Group::List,
     .complexity = "O(N), N being the elements to add.",
     .arity = -3,
     .flags = kWrite | kDenyOom | kFast,
     .keys = kLpushKeys,
     .args = kLpushArgs,
     .history = kLpushxHistory,
     .run = lpushx},
    {.name = "RPUSHX",
     .summary = "Puts elements behind a list that exists.",
     .since = "2.2.0",
     .group = Group::List,
     .complexity = "O(N), N being the elements to add.",
     .arity = -3,
     .flags = kWrite | kDenyOom | kFast,
     .keys = kLpushKeys,
     .args = kLpushArgs,
     .history = kLpushxHistory,
     .run = rpushx},
};

Status push(Call& call, End end, bool make) {
    KeyEdit edit = TRY(call.edit(1, List::kType));
    if (!edit.exists() && !make) {
        call.reply().integer(0);
        return done();
    }
    List& list = edit.value_or_make<List>();
    size_t bytes = 0;
    for (size_t at = 2; at < call.count(); ++at) bytes += call.arg(at).size();
    list.make_room(list_settings(call), bytes, call.count() - 2);
    for (size_t at = 2; at < call.count(); ++at) list.push(end, call.arg(at));
    edit.value_changed();
    edit.commit(EventClass::List, push_event(end), call.count() - 2);
    call.reply().integer(static_cast<int64_t>(list.size()));
    return done();
}

Status lpush(Call& call) {
    return push(call, End::Head, true);
}

Status rpush(Call& call) {
    return push(call, End::Tail, true);
}

Status lpushx(Call& call) {
    return push(call, End::Head, false);
}

Status rpushx(Call& call) {
    return push(call, End::Tail, false);
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::lists::push
