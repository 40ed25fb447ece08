// SPDX-License-Identifier: BSD-3-Clause
//
// SPOP, SRANDMEMBER: members by chance.

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "commands/support/sampling.h"
#include "commands/support/values.h"
#include "engine/command.h"
#include "values/set.h"

namespace millrace::commands::sets::random {
namespace {

using namespace engine;
using namespace support;
using values::Set;

Status spop(Call& call);
Status srandmember(Call& call);

constexpr KeySpec kSpopKeys[] = {{.first = 1, .flags = kRW | kKeyAccess | kKeyDelete}};
constexpr Arg kSpopArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "count", .type = ArgType::Integer, .flags = kOptional, .since = "3.2.0"},
};
constexpr std::string_view kSpopTips[] = {"nondeterministic_output"};
constexpr HistoryEntry kSpopHistory[] = {{"3.2.0", "Takes a count."}};
constexpr KeySpec kSrandmemberKeys[] = {{.first = 1, .flags = kRO | kKeyAccess}};
constexpr Arg kSrandmemberArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "count", .type = ArgType::Integer, .flags = kOptional, .since = "2.6.0"},
};
constexpr HistoryEntry kSrandmemberHistory[] = {{"2.6.0", "Takes a count."}};

constexpr CommandSpec kCommands[] = {
    {.name = "SPOP",
     .summary = "Removes members picked by chance, and the set with its last one.",
     .since = "1.0.0",
     .group = Group::Set,
     .complexity = "O(N), N being the members to remove.",
     .arity = -2,
     .flags = kWrite | kFast,
     .keys = kSpopKeys,
     .args = kSpopArgs,
     .tips = kSpopTips,
     .history = kSpopHistory,
     .run = spop},
    {.name = "SRANDMEMBER",
     .summary = "Gets members of a set picked by chance.",
     .since = "1.0.0",
     .group = Group::Set,
     .complexity = "O(N), N being the members to get.",
     .arity = -2,
     .flags = kReadOnly,
     .keys = kSrandmemberKeys,
     .args = kSrandmemberArgs,
     .tips = kSpopTips,
     .history = kSrandmemberHistory,
     .run = srandmember},
};

constexpr int64_t kCountMax = std::numeric_limits<int64_t>::max();
// Compat: SREM of so many members at most is propagated at once.
constexpr size_t kMembersPerEffect = 1024;

Result<uint64_t> positive_count(const Call& call, size_t at) {
    const auto count = call.integer(at);
    if (!count.ok() || *count < 0) return errors::kNotPositive;
    return static_cast<uint64_t>(*count);
}

// Up to `count` members by chance; `count` is less than the size.
std::vector<std::string> choose(Call& call, const Set& set, uint64_t count) {
    std::vector<std::string> chosen;
    chosen.reserve(count);
    EntropySource& entropy = call.engine().entropy();
    if (set.table() == nullptr || count >= set.size() / kFewShare) {
        Sampling sampling(set.size(), count, entropy);
        set.for_each([&](std::string_view member) {
            if (sampling.takes_next()) chosen.emplace_back(member);
        });
        return chosen;
    }
    std::unordered_set<std::string_view> seen;
    while (chosen.size() < count) {
        values::Text member;
        set.pick(entropy.next(), member);
        if (seen.insert(member.view()).second) chosen.emplace_back(member.view());
    }
    return chosen;
}

void propagate_removal(Call& call, const std::vector<std::string>& members) {
    std::vector<std::string_view> words;
    for (size_t at = 0; at < members.size();) {
        words.assign({"SREM", call.arg(1)});
        for (size_t i = 0; i < kMembersPerEffect && at < members.size(); ++i) {
            words.push_back(members[at++]);
        }
        call.propagate_as(words);
    }
}

Status pop_one(Call& call) {
    KeyEdit edit = TRY(call.edit(1, Set::kType));
    Set* set = edit.value<Set>();
    if (set == nullptr) {
        call.reply().null();
        return done();
    }
    values::Text picked;
    set->pick(call.engine().entropy().next(), picked);
    const std::string member(picked.view());
    set->erase(member);
    edit.value_changed();
    edit.commit_or_remove(EventClass::Set, "spop");
    call.propagate_as({"SREM", call.arg(1), member});
    call.reply().bulk(member);
    return done();
}

// All members, and the key with them.
Status pop_all(Call& call, KeyEdit& edit) {
    const Set& set = *edit.value<Set>();
    const uint64_t count = set.size();
    call.reply().set(count);
    set.for_each([&](std::string_view member) { call.reply().bulk(member); });
    edit.remove();
    edit.commit(EventClass::Set, "spop", count);
    call.engine().emit(EventClass::Generic, "del", call.arg(1), call.db());
    call.propagate_as({call.settings().lazyfree_server_del ? "UNLINK" : "DEL", call.arg(1)});
    return done();
}

Status spop(Call& call) {
    if (call.count() == 2) return pop_one(call);
    if (call.count() > 3) return errors::kSyntax;
    const uint64_t count = TRY(positive_count(call, 2));
    KeyEdit edit = TRY(call.edit(1, Set::kType));
    Set* set = edit.value<Set>();
    if (set == nullptr || count == 0) {
        call.reply().set(0);
        return done();
    }
    if (count >= set->size()) return pop_all(call, edit);

    const std::vector<std::string> members = choose(call, *set, count);
    for (const std::string& member : members) set->erase(member);
    edit.value_changed();
    edit.commit(EventClass::Set, "spop", count);
    propagate_removal(call, members);
    call.reply().set(members.size());
    for (const std::string& member : members) call.reply().bulk(member);
    return done();
}

// Compat: a negative count may name a member more than once.
Status srandmember_count(Call& call) {
    if (call.count() > 3) return errors::kSyntax;
    const int64_t count = TRY(call.integer(2, -kCountMax, kCountMax));
    const Set* set = TRY(call.read<Set>(1));
    ReplyWriter& reply = call.reply();
    if (set == nullptr || count == 0) {
        reply.array(0);
        return done();
    }
    if (count < 0) {
        reply.array(static_cast<size_t>(-count));
        for (int64_t i = 0; i < -count && !reply.over_limit(); ++i) {
            values::Text member;
            set->pick(call.engine().entropy().next(), member);
            reply.bulk(member.view());
        }
        return done();
    }
    if (static_cast<uint64_t>(count) >= set->size()) {
        reply.array(set->size());
        set->for_each([&](std::string_view member) { reply.bulk(member); });
        return done();
    }
    const auto members = choose(call, *set, static_cast<uint64_t>(count));
    reply.array(members.size());
    for (const std::string& member : members) reply.bulk(member);
    return done();
}

Status srandmember(Call& call) {
    if (call.count() > 2) return srandmember_count(call);
    const Set* set = TRY(call.read<Set>(1));
    if (set == nullptr) {
        call.reply().null();
        return done();
    }
    values::Text member;
    set->pick(call.engine().entropy().next(), member);
    call.reply().bulk(member.view());
    return done();
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::sets::random
