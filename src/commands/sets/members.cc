// SPDX-License-Identifier: BSD-3-Clause
//
// SADD, SREM, SMOVE, SISMEMBER, SMISMEMBER, SMEMBERS, SCARD, SSCAN: the members of one set.

#include <string_view>
#include <vector>

#include "commands/support/scan.h"
#include "commands/support/text.h"
#include "commands/support/values.h"
#include "engine/command.h"
#include "values/set.h"

namespace millrace::commands::sets::members {
namespace {

using namespace engine;
using namespace support;
using values::Set;

Status sadd(Call& call);
Status srem(Call& call);
Status smove(Call& call);
Status sismember(Call& call);
Status smismember(Call& call);
Status smembers(Call& call);
Status scard(Call& call);
Status sscan(Call& call);

constexpr KeySpec kSaddKeys[] = {{.first = 1, .flags = kRW | kKeyInsert}};
constexpr Arg kSaddArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "member", .type = ArgType::String, .flags = kMultiple},
};
constexpr HistoryEntry kSaddHistory[] = {{"2.4.0", "Takes several members at once."}};
constexpr KeySpec kSremKeys[] = {{.first = 1, .flags = kRW | kKeyDelete}};
constexpr KeySpec kSmoveKeys[] = {{.first = 1, .flags = kRW | kKeyAccess | kKeyDelete},
                                  {.first = 2, .flags = kRW | kKeyInsert}};
constexpr Arg kSmoveArgs[] = {
    {.name = "source", .type = ArgType::Key, .key_spec = 0},
    {.name = "destination", .type = ArgType::Key, .key_spec = 1},
    {.name = "member", .type = ArgType::String},
};
constexpr KeySpec kSismemberKeys[] = {{.first = 1, .flags = kRO}};
constexpr Arg kSismemberArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "member", .type = ArgType::String},
};
constexpr KeySpec kSmismemberKeys[] = {{.first = 1, .flags = kRO | kKeyAccess}};
constexpr Arg kSmembersArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
};
constexpr std::string_view kSmembersTips[] = {"nondeterministic_output_order"};
constexpr Arg kSscanArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "cursor", .type = ArgType::Integer},
    {.name = "pattern", .type = ArgType::Pattern, .token = "MATCH", .flags = kOptional},
    {.name = "count", .type = ArgType::Integer, .token = "COUNT", .flags = kOptional},
};
constexpr std::string_view kSscanTips[] = {"nondeterministic_output"};

constexpr CommandSpec kCommands[] = {
    {.name = "SADD",
     .summary = "Adds members to a set, which is made if it is missing.",
     .since = "1.0.0",
     .group = Group::Set,
     .complexity = "O(N), N being the members to add.",
     .arity = -3,
     .flags = kWrite | kDenyOom | kFast,
     .keys = kSaddKeys,
     .args = kSaddArgs,
     .history = kSaddHistory,
     .element = 2,
     .run = sadd},
    {.name = "SREM",
     .summary = "Removes members, and the set with its last one.",
     .since = "1.0.0",
     .group = Group::Set,
     .complexity = "O(N), N being the members to remove.",
     .arity = -3,
     .flags = kWrite | kFast,
     .keys = kSremKeys,
     .args = kSaddArgs,
     .history = kSaddHistory,
     .element = 2,
     .run = srem},
    {.name = "SMOVE",
     .summary = "Moves a member from one set to another.",
     .since = "1.0.0",
     .group = Group::Set,
     .complexity = "O(1)",
     .arity = 4,
     .flags = kWrite | kFast,
     .keys = kSmoveKeys,
     .args = kSmoveArgs,
     .element = 3,
     .run = smove},
    {.name = "SISMEMBER",
     .summary = "Tells whether a set has a member.",
     .since = "1.0.0",
     .group = Group::Set,
     .complexity = "O(1)",
     .arity = 3,
     .flags = kReadOnly | kFast,
     .keys = kSismemberKeys,
     .args = kSismemberArgs,
     .element = 2,
     .run = sismember},
    {.name = "SMISMEMBER",
     .summary = "Tells which of several members a set has.",
     .since = "6.2.0",
     .group = Group::Set,
     .complexity = "O(N), N being the members to look for.",
     .arity = -3,
     .flags = kReadOnly | kFast,
     .keys = kSmismemberKeys,
     .args = kSaddArgs,
     .element = 2,
     .run = smismember},
    {.name = "SMEMBERS",
     .summary = "Gets all members of a set.",
     .since = "1.0.0",
     .group = Group::Set,
     .complexity = "O(N), N being the members of the set.",
     .arity = 2,
     .flags = kReadOnly,
     .keys = kSmismemberKeys,
     .args = kSmembersArgs,
     .tips = kSmembersTips,
     .run = smembers},
    {.name = "SCARD",
     .summary = "Tells how many members a set has.",
     .since = "1.0.0",
     .group = Group::Set,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kReadOnly | kFast,
     .keys = kSismemberKeys,
     .args = kSmembersArgs,
     .run = scard},
    {.name = "SSCAN",
     .summary = "Walks through the members of a set in steps.",
     .since = "2.8.0",
     .group = Group::Set,
     .complexity = "O(1) for each step, O(N) for all of a set of N members.",
     .arity = -3,
     .flags = kReadOnly,
     .keys = kSmismemberKeys,
     .args = kSscanArgs,
     .tips = kSscanTips,
     .run = sscan},
};

Status sadd(Call& call) {
    KeyEdit edit = TRY(call.edit(1, Set::kType));
    const values::GrowthRules rules = growth_rules(call);
    const size_t count = call.count() - 2;
    if (edit.exists()) edit.value<Set>()->prepare(count, rules);
    Set& set = edit.value_or_make<Set>(call.arg(2), count, rules);
    uint64_t added = 0;
    for (size_t at = 2; at < call.count(); ++at) added += set.add(call.arg(at), rules) ? 1 : 0;
    if (added > 0) {
        edit.value_changed();
        edit.commit(EventClass::Set, "sadd", added);
    }
    call.reply().integer(static_cast<int64_t>(added));
    return done();
}

Status srem(Call& call) {
    KeyEdit edit = TRY(call.edit(1, Set::kType));
    Set* set = edit.value<Set>();
    uint64_t removed = 0;
    for (size_t at = 2; set != nullptr && at < call.count(); ++at) {
        removed += set->erase(call.arg(at)) ? 1 : 0;
    }
    if (removed > 0) {
        edit.value_changed();
        edit.commit_or_remove(EventClass::Set, "srem", removed);
    }
    call.reply().integer(static_cast<int64_t>(removed));
    return done();
}

// Takes the member out of the source; false if it was not there.
Result<bool> take_member(Call& call) {
    KeyEdit source = TRY(call.edit(1, Set::kType));
    Set* set = source.value<Set>();
    if (set == nullptr || !set->erase(call.arg(3))) return false;
    source.value_changed();
    source.commit_or_remove(EventClass::Set, "srem");
    return true;
}

Status smove(Call& call) {
    const keyspace::Entry* source = call.peek(1);
    const keyspace::Entry* target = call.peek(2);
    const bool wrong = (source != nullptr && source->type() != Set::kType) ||
                       (source != nullptr && target != nullptr && target->type() != Set::kType);
    if (wrong) return errors::kWrongType;
    if (source == nullptr) {
        call.reply().integer(0);
        return done();
    }
    if (source == target) {
        const auto* set = static_cast<const Set*>(source->collection());
        call.reply().integer(set->contains(call.arg(3)) ? 1 : 0);
        return done();
    }
    if (!TRY(take_member(call))) {
        call.reply().integer(0);
        return done();
    }
    KeyEdit edit = TRY(call.edit(2, Set::kType));
    const values::GrowthRules rules = growth_rules(call);
    Set& set = edit.value_or_make<Set>(call.arg(3), size_t{1}, rules);
    if (set.add(call.arg(3), rules)) {
        edit.value_changed();
        edit.commit(EventClass::Set, "sadd");
    }
    call.reply().integer(1);
    return done();
}

Status sismember(Call& call) {
    const Set* set = TRY(call.read<Set>(1));
    call.reply().integer(set != nullptr && set->contains(call.arg(2)) ? 1 : 0);
    return done();
}

Status smismember(Call& call) {
    const Set* set = TRY(call.read<Set>(1));
    call.reply().array(call.count() - 2);
    for (size_t at = 2; at < call.count(); ++at) {
        call.reply().integer(set != nullptr && set->contains(call.arg(at)) ? 1 : 0);
    }
    return done();
}

Status smembers(Call& call) {
    const Set* set = TRY(call.read<Set>(1));
    call.reply().set(set == nullptr ? 0 : set->size());
    if (set == nullptr) return done();
    set->for_each([&](std::string_view member) { call.reply().bulk(member); });
    return done();
}

Status scard(Call& call) {
    const Set* set = TRY(call.read<Set>(1));
    call.reply().integer(set == nullptr ? 0 : static_cast<int64_t>(set->size()));
    return done();
}

// Compat: a missing key is answered before anybody looks at the options.
Status sscan(Call& call) {
    uint64_t cursor = TRY(parse_scan_cursor(call, 2));
    const Set* set = TRY(call.read<Set>(1));
    ReplyWriter& reply = call.reply();
    if (set == nullptr) {
        reply.array(2);
        reply.bulk("0");
        reply.array(0);
        return done();
    }
    const ScanOptions options = TRY(parse_scan_options(call, 3, ScanKind::Set));

    size_t count = 0;
    const auto answer = [&](std::string_view member) {
        if (!options.wants(member)) return;
        reply.bulk(member);
        ++count;
    };
    reply.array(2);
    if (set->table() == nullptr) {
        reply.bulk("0");
        const size_t opened = reply.open();
        set->for_each(answer);
        reply.close_array(opened, count);
        return done();
    }
    std::vector<std::string_view> found;
    int64_t steps = options.steps_max();
    do {
        cursor = set->scan(cursor, [&](std::string_view member) { found.push_back(member); });
    } while (cursor != 0 && static_cast<int64_t>(found.size()) < options.count && --steps > 0);
    reply.bulk(IntegerText(static_cast<int64_t>(cursor)).view());
    const size_t opened = reply.open();
    for (const std::string_view member : found) answer(member);
    reply.close_array(opened, count);
    return done();
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::sets::members
