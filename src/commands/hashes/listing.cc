// SPDX-License-Identifier: BSD-3-Clause
//
// HGETALL, HKEYS, HVALS, HSCAN: walking through a hash.

#include <string_view>
#include <utility>
#include <vector>

#include "commands/support/scan.h"
#include "commands/support/text.h"
#include "engine/command.h"
#include "values/hash.h"

namespace millrace::commands::hashes::listing {
namespace {

using namespace engine;
using namespace support;
using values::Hash;

Status hgetall(Call& call);
Status hkeys(Call& call);
Status hvals(Call& call);
Status hscan(Call& call);

constexpr KeySpec kHgetallKeys[] = {{.first = 1, .flags = kRO | kKeyAccess}};
constexpr Arg kHgetallArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
};
constexpr std::string_view kHgetallTips[] = {"nondeterministic_output_order"};
constexpr Arg kHscanArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0},
    {.name = "cursor", .type = ArgType::Integer},
    {.name = "pattern", .type = ArgType::Pattern, .token = "MATCH", .flags = kOptional},
    {.name = "count", .type = ArgType::Integer, .token = "COUNT", .flags = kOptional},
    {.name = "novalues", .type = ArgType::PureToken, .token = "NOVALUES", .flags = kOptional},
};
constexpr std::string_view kHscanTips[] = {"nondeterministic_output"};

constexpr CommandSpec kCommands[] = {
    {.name = "HGETALL",
     .summary = "Gets all fields and values of a hash.",
     .since = "2.0.0",
     .group = Group::Hash,
     .complexity = "O(N), N being the fields of the hash.",
     .arity = 2,
     .flags = kReadOnly,
     .keys = kHgetallKeys,
     .args = kHgetallArgs,
     .tips = kHgetallTips,
     .run = hgetall},
    {.name = "HKEYS",
     .summary = "Gets all fields of a hash.",
     .since = "2.0.0",
     .group = Group::Hash,
     .complexity = "O(N), N being the fields of the hash.",
     .arity = 2,
     .flags = kReadOnly,
     .keys = kHgetallKeys,
     .args = kHgetallArgs,
     .tips = kHgetallTips,
     .run = hkeys},
    {.name = "HVALS",
     .summary = "Gets all values of a hash.",
     .since = "2.0.0",
     .group = Group::Hash,
     .complexity = "O(N), N being the fields of the hash.",
     .arity = 2,
     .flags = kReadOnly,
     .keys = kHgetallKeys,
     .args = kHgetallArgs,
     .tips = kHgetallTips,
     .run = hvals},
    {.name = "HSCAN",
     .summary = "Walks through the fields of a hash in steps.",
     .since = "2.8.0",
     .group = Group::Hash,
     .complexity = "O(1) for each step, O(N) for all of a hash of N fields.",
     .arity = -3,
     .flags = kReadOnly,
     .keys = kHgetallKeys,
     .args = kHscanArgs,
     .tips = kHscanTips,
     .run = hscan},
};

Status hgetall(Call& call) {
    const Hash* hash = TRY(call.read<Hash>(1));
    ReplyWriter& reply = call.reply();
    if (hash == nullptr) {
        reply.map(0);
        return done();
    }
    const size_t opened = reply.open();
    size_t pairs = 0;
    hash->for_each(call.keyspace().now_ms(), [&](std::string_view field, std::string_view value) {
        reply.bulk(field);
        reply.bulk(value);
        ++pairs;
    });
    reply.close_map(opened, pairs);
    return done();
}

enum class Half : bool { Fields, Values };

Status list(Call& call, Half half) {
    const Hash* hash = TRY(call.read<Hash>(1));
    ReplyWriter& reply = call.reply();
    if (hash == nullptr) {
        reply.array(0);
        return done();
    }
    const size_t opened = reply.open();
    size_t count = 0;
    hash->for_each(call.keyspace().now_ms(), [&](std::string_view field, std::string_view value) {
        reply.bulk(half == Half::Fields ? field : value);
        ++count;
    });
    reply.close_array(opened, count);
    return done();
}

Status hkeys(Call& call) {
    return list(call, Half::Fields);
}

Status hvals(Call& call) {
    return list(call, Half::Values);
}

// Compat: a missing key is answered before anybody looks at the options.
Status hscan(Call& call) {
    uint64_t cursor = TRY(parse_scan_cursor(call, 2));
    const Hash* hash = TRY(call.read<Hash>(1));
    ReplyWriter& reply = call.reply();
    if (hash == nullptr) {
        reply.array(2);
        reply.bulk("0");
        reply.array(0);
        return done();
    }
    const ScanOptions options = TRY(parse_scan_options(call, 3, ScanKind::Hash));

    size_t count = 0;
    const auto answer = [&](std::string_view field, std::string_view value) {
        if (!options.wants(field)) return;
        reply.bulk(field);
        if (!options.no_values) reply.bulk(value);
        count += options.no_values ? 1 : 2;
    };
    reply.array(2);
    if (hash->table() == nullptr) {
        reply.bulk("0");
        const size_t opened = reply.open();
        hash->for_each(call.keyspace().now_ms(), answer);
        reply.close_array(opened, count);
        return done();
    }
    std::vector<std::pair<std::string_view, std::string_view>> found;
    int64_t steps = options.steps_max();
    do {
        cursor = hash->scan(cursor, call.keyspace().now_ms(),
                            [&](std::string_view field, std::string_view value) {
                                found.emplace_back(field, value);
                            });
    } while (cursor != 0 && static_cast<int64_t>(found.size()) < options.count && --steps > 0);
    reply.bulk(IntegerText(static_cast<int64_t>(cursor)).view());
    const size_t opened = reply.open();
    for (const auto& [field, value] : found) answer(field, value);
    reply.close_array(opened, count);
    return done();
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::hashes::listing
