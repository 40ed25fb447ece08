// SPDX-License-Identifier: BSD-3-Clause
//
// KEYS, SCAN, RANDOMKEY: which keys there are.
//
// Keys past their time are not shown. SCAN and RANDOMKEY remove those they meet.

#include <cstdint>
#include <vector>

#include "base/glob.h"
#include "commands/support/scan.h"
#include "commands/support/text.h"
#include "engine/command.h"

namespace millrace::commands::keys::listing {
namespace {

using namespace engine;
using namespace support;
using keyspace::Database;
using keyspace::Entry;

Status keys(Call& call);
Status scan(Call& call);
Status randomkey(Call& call);

constexpr Arg kKeysArgs[] = {{"pattern", ArgType::Pattern}};
constexpr std::string_view kKeysTips[] = {
    "request_policy:all_shards",
    "nondeterministic_output_order",
};
constexpr Arg kScanArgs[] = {
    {"cursor", ArgType::Integer},
    {.name = "pattern", .type = ArgType::Pattern, .token = "MATCH", .flags = kOptional},
    {.name = "count", .type = ArgType::Integer, .token = "COUNT", .flags = kOptional},
    {.name = "type",
     .type = ArgType::String,
     .token = "TYPE",
     .flags = kOptional,
     .since = "6.0.0"},
};
constexpr std::string_view kScanTips[] = {
    "nondeterministic_output",
    "request_policy:special",
    "response_policy:special",
};
constexpr HistoryEntry kScanHistory[] = {{"6.0.0", "New option `TYPE`."}};
constexpr std::string_view kRandomkeyTips[] = {
    "request_policy:all_shards",
    "response_policy:special",
    "nondeterministic_output",
};

constexpr CommandSpec kCommands[] = {
    {.name = "KEYS",
     .summary = "Lists all keys that match a pattern.",
     .since = "1.0.0",
     .group = Group::Generic,
     .complexity = "O(N), N being the keys of the database, for keys and patterns of limited "
                   "length.",
     .arity = 2,
     .flags = kReadOnly | kTouchesArbitraryKeys,
     .acl = kAclDangerous,
     .args = kKeysArgs,
     .tips = kKeysTips,
     .run = keys},
    {.name = "SCAN",
     .summary = "Walks through the keys of the database, some at each call.",
     .since = "2.8.0",
     .group = Group::Generic,
     .complexity = "O(1) for each call; O(N) until the cursor is 0 again, N being the keys of the "
                   "database.",
     .arity = -2,
     .flags = kReadOnly | kTouchesArbitraryKeys,
     .args = kScanArgs,
     .tips = kScanTips,
     .history = kScanHistory,
     .run = scan},
    {.name = "RANDOMKEY",
     .summary = "Names a key chosen at random.",
     .since = "1.0.0",
     .group = Group::Generic,
     .complexity = "O(1)",
     .arity = 1,
     .flags = kReadOnly | kTouchesArbitraryKeys,
     .tips = kRandomkeyTips,
     .run = randomkey},
};

bool is_past(Call& call, const Entry& entry) {
    const int64_t at_ms = entry.expire_at_ms();
    return at_ms != keyspace::kNoExpiry && at_ms < call.keyspace().now_ms();
}

// Removes a key that is past its time, unless somebody else decides on that (see find_live()).
void remove_expired(Call& call, const Entry& entry) {
    (void)call.peek(entry.key(), call.db());
}

Status keys(Call& call) {
    const auto pattern = name_pattern(call.arg(1));
    const size_t opened = call.reply().open();
    size_t found = 0;
    uint64_t cursor = 0;
    do {
        cursor = call.database().table().scan(cursor, [&](const Entry* entry, unsigned) {
            if (pattern && !glob_match(*pattern, entry->key())) return;
            if (is_past(call, *entry)) return;
            call.reply().bulk(entry->key());
            ++found;
        });
    } while (cursor != 0 && !call.reply().over_limit());
    call.reply().close_array(opened, found);
    return done();
}

// Compat: filters apply to what a step has found, so a call may return nothing and yet go on.
Status scan(Call& call) {
    uint64_t cursor = TRY(parse_scan_cursor(call, 1));
    const ScanOptions options = TRY(parse_scan_options(call, 2, ScanKind::Keys));

    std::vector<const Entry*> found;
    std::vector<const Entry*> expired;
    int64_t seen = 0;
    int64_t steps = options.steps_max();
    do {
        cursor = call.database().table().scan(cursor, [&](const Entry* entry, unsigned) {
            ++seen;
            if (!options.wants(entry->key())) return;
            if (options.type && entry->type() != *options.type) return;
            (is_past(call, *entry) ? expired : found).push_back(entry);
        });
    } while (cursor != 0 && seen < options.count && --steps > 0);

    call.reply().array(2);
    call.reply().bulk(IntegerText(static_cast<int64_t>(cursor)).view());
    call.reply().array(found.size());
    for (const Entry* entry : found) call.reply().bulk(entry->key());
    for (const Entry* entry : expired) remove_expired(call, *entry);
    return done();
}

Status randomkey(Call& call) {
    // On a replica, where expired keys stay until the primary says so, there may be no other.
    constexpr int kTriesMax = 100;
    for (int tries = 0;; ++tries) {
        const Database::Position position =
            call.database().table().random(call.engine().entropy().next());
        if (!position) {
            call.reply().null();
            return done();
        }
        const Entry& entry = *position.element();
        if (!is_past(call, entry) || tries == kTriesMax) {
            call.reply().bulk(entry.key());
            return done();
        }
        remove_expired(call, entry);
    }
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::keys::listing
