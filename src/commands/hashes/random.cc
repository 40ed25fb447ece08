// SPDX-License-Identifier: BSD-3-Clause
//
// HRANDFIELD: fields by chance.

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "commands/support/sampling.h"
#include "engine/command.h"
#include "values/hash.h"

namespace millrace::commands::hashes::random {
namespace {

using namespace engine;
using namespace support;
using values::Hash;

Status hrandfield(Call& call);

constexpr KeySpec kHrandfieldKeys[] = {{.first = 1, .flags = kRO | kKeyAccess}};
constexpr Arg kHrandfieldOptionsArgs[] = {
    {.name = "count", .type = ArgType::Integer},
    {.name = "withvalues", .type = ArgType::PureToken, .token = "WITHVALUES", .flags = kOptional},
};
constexpr Arg kHrandfieldArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "options",
     .type = ArgType::Block,
     .flags = kOptional,
     .children = kHrandfieldOptionsArgs},
};
constexpr std::string_view kHrandfieldTips[] = {"nondeterministic_output"};

constexpr CommandSpec kCommands[] = {
    {.name = "HRANDFIELD",
     .summary = "Gets fields of a hash picked by chance.",
     .since = "6.2.0",
     .group = Group::Hash,
     .complexity = "O(N), N being the fields to get.",
     .arity = -2,
     .flags = kReadOnly,
     .keys = kHrandfieldKeys,
     .args = kHrandfieldArgs,
     .tips = kHrandfieldTips,
     .run = hrandfield},
};

constexpr int64_t kCountMax = std::numeric_limits<int64_t>::max();

// How often a pick may meet a field whose time is over before all fields are looked at.
constexpr int kPicksMax = 100;

using Pair = std::pair<std::string_view, std::string_view>;

void reply_pair(Call& call, std::string_view field, std::string_view value, bool with_values) {
    if (with_values && call.reply().protocol() > 2) call.reply().array(2);
    call.reply().bulk(field);
    if (with_values) call.reply().bulk(value);
}

void reply_header(Call& call, size_t count, bool with_values) {
    call.reply().array(with_values && call.reply().protocol() == 2 ? 2 * count : count);
}

// A live field by chance; false if that takes too long because too few are.
bool pick_live(Call& call, const Hash& hash, Hash::Picked& picked) {
    for (int i = 0; i < kPicksMax; ++i) {
        hash.pick(call.engine().entropy().next(), picked);
        if (!picked.is_due(call.keyspace().now_ms())) return true;
    }
    return false;
}

uint64_t count_live(Call& call, const Hash& hash) {
    if (hash.table() == nullptr || hash.table()->expiring() == 0) return hash.size();
    uint64_t count = 0;
    hash.for_each(call.keyspace().now_ms(), [&](std::string_view, std::string_view) { ++count; });
    return count;
}

// Compat: a field may come more than once.
Status reply_repeating(Call& call, const Hash& hash, uint64_t count, bool with_values) {
    if (count_live(call, hash) == 0) count = 0;
    reply_header(call, count, with_values);
    std::vector<Pair> live;
    for (uint64_t i = 0; i < count && !call.reply().over_limit(); ++i) {
        Hash::Picked picked;
        if (live.empty() && pick_live(call, hash, picked)) {
            reply_pair(call, picked.field.view(), picked.value.view(), with_values);
            continue;
        }
        if (live.empty()) {
            hash.table()->for_each([&](const values::Member& member) {
                if (!member.is_due(call.keyspace().now_ms()))
                    live.emplace_back(member.name(), member.value());
            });
        }
        const Pair& pair = live[call.engine().entropy().next() % live.size()];
        reply_pair(call, pair.first, pair.second, with_values);
    }
    return done();
}

Status reply_distinct(Call& call, const Hash& hash, uint64_t count, bool with_values) {
    const uint64_t live = count_live(call, hash);
    Sampling sampling(live, std::min(count, live), call.engine().entropy());
    reply_header(call, std::min(count, live), with_values);
    hash.for_each(call.keyspace().now_ms(), [&](std::string_view field, std::string_view value) {
        if (sampling.takes_next()) reply_pair(call, field, value, with_values);
    });
    return done();
}

// Few fields of a large table: picked one by one.
Status reply_few(Call& call, const Hash& hash, uint64_t count, bool with_values) {
    reply_header(call, count, with_values);
    std::unordered_set<std::string_view> seen;
    while (seen.size() < count) {
        Hash::Picked picked;
        hash.pick(call.engine().entropy().next(), picked);
        if (!seen.insert(picked.field.view()).second) continue;
        reply_pair(call, picked.field.view(), picked.value.view(), with_values);
    }
    return done();
}

Status hrandfield_count(Call& call) {
    const int64_t count = TRY(call.integer(2, -kCountMax, kCountMax));
    const bool with_values = call.count() > 3;
    if (call.count() > 4 || (with_values && !call.arg_is(3, "WITHVALUES"))) return errors::kSyntax;
    if (with_values && (count < -kCountMax / 2 || count > kCountMax / 2)) {
        return errors::kOutOfRange;
    }
    const Hash* hash = TRY(call.read<Hash>(1));
    if (hash == nullptr || count == 0) {
        call.reply().array(0);
        return done();
    }
    if (count < 0) {
        return reply_repeating(call, *hash, static_cast<uint64_t>(-count), with_values);
    }
    const auto wanted = static_cast<uint64_t>(count);
    const bool few = hash->table() != nullptr && hash->table()->expiring() == 0 &&
                     wanted < hash->size() / kFewShare;
    if (few) return reply_few(call, *hash, wanted, with_values);
    return reply_distinct(call, *hash, wanted, with_values);
}

Status hrandfield(Call& call) {
    if (call.count() > 2) return hrandfield_count(call);
    const Hash* hash = TRY(call.read<Hash>(1));
    Hash::Picked picked;
    if (hash == nullptr || count_live(call, *hash) == 0) {
        call.reply().null();
        return done();
    }
    if (pick_live(call, *hash, picked)) {
        call.reply().bulk(picked.field.view());
        return done();
    }
    std::string_view field;
    hash->for_each(call.keyspace().now_ms(),
                   [&](std::string_view name, std::string_view) { field = name; });
    call.reply().bulk(field);
    return done();
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::hashes::random
