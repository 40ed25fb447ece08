// SPDX-License-Identifier: BSD-3-Clause
//
// LSET, LINSERT, LREM, LTRIM: changes in the middle of a list.

#include <algorithm>
#include <cstdint>

#include "commands/support/lists.h"
#include "engine/command.h"

namespace millrace::commands::lists::edit {
namespace {

using namespace engine;
using namespace support;
using values::End;
using values::List;
using values::ListCursor;
using values::ListRoom;

Status lset(Call& call);
Status linsert(Call& call);
Status lrem(Call& call);
Status ltrim(Call& call);

constexpr KeySpec kLsetKeys[] = {
    {.first = 1, .flags = kRW | kKeyUpdate},
};

constexpr Arg kLsetArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "index", .type = ArgType::Integer},
    {.name = "element", .type = ArgType::String},
};

constexpr KeySpec kLinsertKeys[] = {
    {.first = 1, .flags = kRW | kKeyInsert},
};

constexpr Arg kLinsertWhereArgs[] = {
    {.name = "before", .type = ArgType::PureToken, .token = "BEFORE"},
    {.name = "after", .type = ArgType::PureToken, .token = "AFTER"},
};

constexpr Arg kLinsertArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "where", .type = ArgType::OneOf, .children = kLinsertWhereArgs},
    {.name = "pivot", .type = ArgType::String},
    {.name = "element", .type = ArgType::String},
};

constexpr KeySpec kLremKeys[] = {
    {.first = 1, .flags = kRW | kKeyDelete},
};

constexpr Arg kLremArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "count", .type = ArgType::Integer},
    {.name = "element", .type = ArgType::String},
};

constexpr Arg kLtrimArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "start", .type = ArgType::Integer},
    {.name = "stop", .type = ArgType::Integer},
};

constexpr CommandSpec kCommands[] = {
    {.name = "LSET",
     .summary = "Puts an element in the place of the one at an index of a list.",
     .since = "1.0.0",
     .group = Group::List,
     .complexity = "O(log N) and the walk within one block.",
     .arity = 4,
     .flags = kWrite | kDenyOom,
     .keys = kLsetKeys,
     .args = kLsetArgs,
     .run = lset},
    {.name = "LINSERT",
     .summary = "Puts an element before or behind the first one that is equal to a given one.",
     .since = "2.2.0",
     .group = Group::List,
     .complexity = "O(N), N being the elements passed on the way to the pivot.",
     .arity = 5,
     .flags = kWrite | kDenyOom,
     .keys = kLinsertKeys,
     .args = kLinsertArgs,
     .run = linsert},
    {.name = "LREM",
     .summary = "Removes elements that are equal to a given one; the key goes with the last.",
     .since = "1.0.0",
     .group = Group::List,
     .complexity = "O(N), N being the length of the list.",
     .arity = 4,
     .flags = kWrite,
     .keys = kLremKeys,
     .args = kLremArgs,
     .run = lrem},
    {.name = "LTRIM",
     .summary = "Keeps a stretch of a list and removes everything else.",
     .since = "1.0.0",
     .group = Group::List,
     .complexity = "O(N), N being the elements to remove.",
     .arity = 4,
     .flags = kWrite,
     .keys = kLremKeys,
     .args = kLtrimArgs,
     .run = ltrim},
};

Status lset(Call& call) {
    KeyEdit edit = TRY(call.edit(1, List::kType));
    List* list = edit.value<List>();
    if (list == nullptr) return errors::kNoSuchKey;
    // Compat: only the lower half of the index counts.
    const auto index = static_cast<int32_t>(TRY(call.integer(2)));
    // Compat: the list changes its form even if there is no such index, and it may become small
    // again.
    list->make_room(list_settings(call), call.arg(3).size(), 1);
    ListRoom room;
    const ListCursor at = list->at(index, room);
    if (!at) return errors::kIndexOutOfRange;
    list->replace(at, call.arg(3));
    list->settle(list_settings(call));
    edit.value_changed();
    edit.commit(EventClass::List, "lset");
    call.reply().ok();
    return done();
}

Status linsert(Call& call) {
    const bool before = call.arg_is(2, "BEFORE");
    if (!before && !call.arg_is(2, "AFTER")) return errors::kSyntax;
    KeyEdit edit = TRY(call.edit(1, List::kType));
    List* list = edit.value<List>();
    if (list == nullptr) {
        call.reply().integer(0);
        return done();
    }
    // Compat: the list changes its form even if the pivot is not found.
    list->make_room(list_settings(call), call.arg(4).size(), 1);
    ListRoom room;
    ListCursor pivot = list->first();
    while (pivot && !list->equals(pivot, call.arg(3), room)) pivot = list->next(pivot, room);
    if (!pivot) {
        call.reply().integer(-1);
        return done();
    }
    list->insert(pivot, before ? values::Side::Before : values::Side::After, call.arg(4));
    edit.value_changed();
    edit.commit(EventClass::List, "linsert");
    call.reply().integer(static_cast<int64_t>(list->size()));
    return done();
}

Status lrem(Call& call) {
    const int64_t count = TRY(call.integer(2, -INT64_MAX, INT64_MAX));
    KeyEdit edit = TRY(call.edit(1, List::kType));
    List* list = edit.value<List>();
    if (list == nullptr) {
        call.reply().integer(0);
        return done();
    }
    const auto most = static_cast<uint64_t>(count < 0 ? -count : count);
    const uint64_t removed = list->erase_equal(call.arg(3), most == 0 ? UINT64_MAX : most,
                                               count < 0 ? End::Tail : End::Head);
    if (removed != 0) {
        list->settle(list_settings(call));
        edit.value_changed();
        edit.commit_or_remove(EventClass::List, "lrem", removed);
    }
    call.reply().integer(static_cast<int64_t>(removed));
    return done();
}

Status ltrim(Call& call) {
    const int64_t first = TRY(call.integer(2));
    const int64_t last = TRY(call.integer(3));
    KeyEdit edit = TRY(call.edit(1, List::kType));
    if (List* list = edit.value<List>()) {
        const Stretch kept = stretch_of(*list, first, last);
        const uint64_t removed = list->size() - kept.count;
        list->erase_range(kept.from + kept.count, list->size());
        list->erase_range(0, kept.from);
        list->settle(list_settings(call));
        edit.value_changed();
        edit.commit_or_remove(EventClass::List, "ltrim", removed);
    }
    call.reply().ok();
    return done();
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::lists::edit
