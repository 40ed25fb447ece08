// SPDX-License-Identifier: BSD-3-Clause
//
// ZPOPMIN, ZPOPMAX, ZMPOP, and BZPOPMIN, BZPOPMAX, BZMPOP, which wait for elements.
//
// Those that take several keys pop from the first one that exists, and are propagated as what they
// came to: ZPOPMIN or ZPOPMAX of one key.

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "base/numbers.h"
#include "commands/support/many_pop.h"
#include "commands/support/sorted_sets.h"
#include "commands/support/text.h"
#include "engine/blocking.h"
#include "engine/command.h"

namespace millrace::commands::sorted_sets::pops {
namespace {

using namespace engine;
using namespace support;
using values::SortedSet;

Status zpopmin(Call& call);
Status zpopmax(Call& call);
Status zmpop(Call& call);
Status bzpopmin(Call& call);
Status bzpopmax(Call& call);
Status bzmpop(Call& call);

constexpr KeySpec kZpopminKeys[] = {{.first = 1, .flags = kRW | kKeyAccess | kKeyDelete}};
constexpr Arg kZpopminArgs[] = {
    {"key", ArgType::Key, 0},
    {.name = "count", .type = ArgType::Integer, .flags = kOptional},
};
constexpr KeySpec kZmpopKeys[] = {{.first = 1,
                                   .find = KeyFind::KeyNumber,
                                   .number_at = 0,
                                   .keys_from = 1,
                                   .flags = kRW | kKeyAccess | kKeyDelete}};
constexpr Arg kZmpopWhereArgs[] = {
    {.name = "min", .type = ArgType::PureToken, .token = "MIN"},
    {.name = "max", .type = ArgType::PureToken, .token = "MAX"},
};
constexpr Arg kZmpopArgs[] = {
    {"numkeys", ArgType::Integer},
    {.name = "key", .type = ArgType::Key, .key_spec = 0, .flags = kMultiple},
    {.name = "where", .type = ArgType::OneOf, .children = kZmpopWhereArgs},
    {.name = "count", .type = ArgType::Integer, .token = "COUNT", .flags = kOptional},
};
constexpr KeySpec kBzpopminKeys[] = {
    {.first = 1, .last = -2, .flags = kRW | kKeyAccess | kKeyDelete}};
constexpr Arg kBzpopminArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0, .flags = kMultiple},
    {"timeout", ArgType::Double},
};
constexpr HistoryEntry kBzpopminHistory[] = {
    {"6.0.0", "`timeout` may have a fraction."},
};
constexpr KeySpec kBzmpopKeys[] = {{.first = 2,
                                    .find = KeyFind::KeyNumber,
                                    .number_at = 0,
                                    .keys_from = 1,
                                    .flags = kRW | kKeyAccess | kKeyDelete}};
constexpr Arg kBzmpopArgs[] = {
    {"timeout", ArgType::Double},
    {"numkeys", ArgType::Integer},
    {.name = "key", .type = ArgType::Key, .key_spec = 0, .flags = kMultiple},
    {.name = "where", .type = ArgType::OneOf, .children = kZmpopWhereArgs},
    {.name = "count", .type = ArgType::Integer, .token = "COUNT", .flags = kOptional},
};

constexpr CommandSpec kCommands[] = {
    {.name = "ZPOPMIN",
     .summary = "Removes the members with the lowest scores and returns them.",
     .since = "5.0.0",
     .group = Group::SortedSet,
     .complexity = "O(M*log(N)), N being the elements of the sorted set, M those removed.",
     .arity = -2,
     .flags = kWrite | kFast,
     .keys = kZpopminKeys,
     .args = kZpopminArgs,
     .run = zpopmin},
    {.name = "ZPOPMAX",
     .summary = "Removes the members with the highest scores and returns them.",
     .since = "5.0.0",
     .group = Group::SortedSet,
     .complexity = "O(M*log(N)), N being the elements of the sorted set, M those removed.",
     .arity = -2,
     .flags = kWrite | kFast,
     .keys = kZpopminKeys,
     .args = kZpopminArgs,
     .run = zpopmax},
    {.name = "ZMPOP",
     .summary = "Removes the lowest or highest members of the first of several sorted sets that "
                "has any, and returns them.",
     .since = "7.0.0",
     .group = Group::SortedSet,
     .complexity =
         "O(K) + O(M*log(N)), K being the keys, N the elements of the sorted set, M those removed.",
     .arity = -4,
     .flags = kWrite,
     .keys = kZmpopKeys,
     .args = kZmpopArgs,
     .run = zmpop},
    {.name = "BZPOPMIN",
     .summary = "Removes the member with the lowest score of the first of several sorted sets that "
                "has any, or waits for one.",
     .since = "5.0.0",
     .group = Group::SortedSet,
     .complexity = "O(log(N)), N being the elements of the sorted set.",
     .arity = -3,
     .flags = kWrite | kBlocking | kFast,
     .keys = kBzpopminKeys,
     .args = kBzpopminArgs,
     .history = kBzpopminHistory,
     .run = bzpopmin},
    {.name = "BZPOPMAX",
     .summary = "Removes the member with the highest score of the first of several sorted sets "
                "that has any, or waits for one.",
     .since = "5.0.0",
     .group = Group::SortedSet,
     .complexity = "O(log(N)), N being the elements of the sorted set.",
     .arity = -3,
     .flags = kWrite | kBlocking | kFast,
     .keys = kBzpopminKeys,
     .args = kBzpopminArgs,
     .history = kBzpopminHistory,
     .run = bzpopmax},
    {.name = "BZMPOP",
     .summary = "Removes the lowest or highest members of the first of several sorted sets that "
                "has any, or waits for one.",
     .since = "7.0.0",
     .group = Group::SortedSet,
     .complexity =
         "O(K) + O(M*log(N)), K being the keys, N the elements of the sorted set, M those removed.",
     .arity = -5,
     .flags = kWrite | kBlocking,
     .keys = kBzmpopKeys,
     .args = kBzmpopArgs,
     .run = bzmpop},
};

enum class End : uint8_t { Min, Max };
// Member, score, member, score ...; pairs; key, member, score; key, then pairs.
enum class Form : uint8_t { Flat, Pairs, KeyFlat, KeyPairs };

void reply_header(Call& call, Form form, std::string_view key, uint64_t count) {
    ReplyWriter& reply = call.reply();
    switch (form) {
        case Form::Flat:
            return reply.array(count * 2);
        case Form::Pairs:
            return reply.array(count);
        case Form::KeyFlat:
            reply.array(count * 2 + 1);
            return reply.bulk(key);
        case Form::KeyPairs:
            reply.array(2);
            reply.bulk(key);
            return reply.array(count);
    }
}

// Pops up to `wanted` elements of an existing key and answers them; how many.
uint64_t pop(Call& call, KeyEdit& edit, End end, uint64_t wanted, Form form) {
    SortedSet& set = *edit.value<SortedSet>();
    const uint64_t count = std::min(wanted, set.size());
    const bool in_pairs = form == Form::Pairs || form == Form::KeyPairs;
    reply_header(call, form, edit.key(), count);

    SortedSet::Cursor cursor = end == End::Min ? set.first() : set.last();
    for (uint64_t i = 0; i < count; ++i, cursor.step(end == End::Max)) {
        if (in_pairs) call.reply().array(2);
        call.reply().bulk(cursor.member());
        call.reply().double_number(cursor.score());
    }
    set.erase(SortedSet::Span{end == End::Min ? 0 : set.size() - count, count});
    edit.value_changed();
    edit.commit_or_remove(EventClass::SortedSet, end == End::Min ? "zpopmin" : "zpopmax", count);
    return count;
}

std::string_view name_of(End end) {
    return end == End::Min ? "ZPOPMIN" : "ZPOPMAX";
}

// ---- of one key ----

Status pop_one_key(Call& call, End end) {
    if (call.count() > 3) return errors::kSyntax;
    std::optional<uint64_t> count;
    if (call.count() == 3) {
        const auto given = parse_integer(call.arg(2));
        if (!given || *given < 0) return errors::kNotPositive;
        count = static_cast<uint64_t>(*given);
    }
    KeyEdit edit = TRY(call.edit(1, SortedSet::kType));
    if (!edit.exists() || count == 0) {
        call.reply().array(0);
        return done();
    }
    const bool in_pairs = count && call.reply().protocol() > 2;
    (void)pop(call, edit, end, count.value_or(1), in_pairs ? Form::Pairs : Form::Flat);
    return done();
}

Status zpopmin(Call& call) {
    return pop_one_key(call, End::Min);
}

Status zpopmax(Call& call) {
    return pop_one_key(call, End::Max);
}

// ---- of the first of several ----

struct Keys {
    size_t first;
    size_t end;
};

// Pops from the first key that exists; `popped` says whether there was one. Without `count` it is
// one element, in the flat form.
Status pop_first(Call& call, Keys keys, End end, std::optional<uint64_t> count, bool& popped) {
    for (size_t at = keys.first; at < keys.end; ++at) {
        KeyEdit edit = TRY(call.edit(at, SortedSet::kType));
        if (!edit.exists()) continue;
        popped = true;
        if (!count) {
            (void)pop(call, edit, end, 1, Form::KeyFlat);
            call.propagate_as({name_of(end), call.arg(at)});
            return done();
        }
        const uint64_t taken = pop(call, edit, end, *count, Form::KeyPairs);
        const IntegerText words(static_cast<int64_t>(taken));
        call.propagate_as({name_of(end), call.arg(at), words.view()});
        return done();
    }
    popped = false;
    return done();
}

Status wait_for(Call& call, Keys keys, int64_t deadline_ms) {
    return call.block_on({.keys = call.arguments().subspan(keys.first, keys.end - keys.first),
                          .type = SortedSet::kType,
                          .deadline_ms = deadline_ms});
}

// KEY... TIMEOUT
Status pop_or_wait(Call& call, End end) {
    const Keys keys{1, call.count() - 1};
    const int64_t deadline_ms = TRY(deadline_in_seconds(call, keys.end));
    bool popped = false;
    TRY(pop_first(call, keys, end, std::nullopt, popped));
    return popped ? done() : wait_for(call, keys, deadline_ms);
}

Status bzpopmin(Call& call) {
    return pop_or_wait(call, End::Min);
}

Status bzpopmax(Call& call) {
    return pop_or_wait(call, End::Max);
}

struct Several {
    Keys keys;
    End end;
    uint64_t count;
};

// Arguments from "numkeys" on.
Result<Several> parse_several(const Call& call, size_t from) {
    const ManyPop asked = TRY(parse_many_pop(call, from, "MIN", "MAX"));
    return Several{
        {asked.keys_from, asked.keys_end}, asked.from_first ? End::Min : End::Max, asked.count};
}

Status zmpop(Call& call) {
    const Several several = TRY(parse_several(call, 1));
    bool popped = false;
    TRY(pop_first(call, several.keys, several.end, several.count, popped));
    if (!popped) call.reply().null_array();
    return done();
}

Status bzmpop(Call& call) {
    const Several several = TRY(parse_several(call, 2));
    const int64_t deadline_ms = TRY(deadline_in_seconds(call, 1));
    bool popped = false;
    TRY(pop_first(call, several.keys, several.end, several.count, popped));
    return popped ? done() : wait_for(call, several.keys, deadline_ms);
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::sorted_sets::pops
