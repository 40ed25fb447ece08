// SPDX-License-Identifier: BSD-3-Clause
//
// EXISTS, TOUCH, TYPE: whether keys are there, and what they hold.

#include <cstdint>

#include "engine/command.h"

namespace millrace::commands::keys::lookup {
namespace {

using namespace engine;
using keyspace::Entry;

Status exists(Call& call);
Status touch(Call& call);
Status type(Call& call);

constexpr KeySpec kExistsKeys[] = {{.first = 1, .last = -1, .flags = kRO}};
constexpr Arg kExistsArgs[] = {
    {.name = "key", .type = ArgType::Key, .key_spec = 0, .flags = kMultiple},
};
constexpr std::string_view kExistsTips[] = {
    "request_policy:multi_shard",
    "response_policy:agg_sum",
};
constexpr HistoryEntry kExistsHistory[] = {{"3.0.3", "Takes several keys."}};
constexpr KeySpec kTypeKeys[] = {{.first = 1, .flags = kRO}};
constexpr Arg kTypeArgs[] = {{"key", ArgType::Key, 0}};

constexpr CommandSpec kCommands[] = {
    {.name = "EXISTS",
     .summary = "Counts how many of the given keys exist.",
     .since = "1.0.0",
     .group = Group::Generic,
     .complexity = "O(N), N being the keys to look up.",
     .arity = -2,
     .flags = kReadOnly | kFast,
     .keys = kExistsKeys,
     .args = kExistsArgs,
     .tips = kExistsTips,
     .history = kExistsHistory,
     .run = exists},
    {.name = "TOUCH",
     .summary = "Counts how many of the given keys exist and marks them as just used.",
     .since = "3.2.1",
     .group = Group::Generic,
     .complexity = "O(N), N being the keys to touch.",
     .arity = -2,
     .flags = kReadOnly | kFast,
     .keys = kExistsKeys,
     .args = kExistsArgs,
     .tips = kExistsTips,
     .run = touch},
    {.name = "TYPE",
     .summary = "Names the type of the value at a key.",
     .since = "1.0.0",
     .group = Group::Generic,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kReadOnly | kFast,
     .keys = kTypeKeys,
     .args = kTypeArgs,
     .run = type},
};

Status exists(Call& call) {
    int64_t found = 0;
    for (size_t at = 1; at < call.count(); ++at) {
        if (call.find_untouched(at) != nullptr) ++found;
    }
    call.reply().integer(found);
    return done();
}

// Touches even for a client that has said CLIENT NO-TOUCH.
Status touch(Call& call) {
    int64_t found = 0;
    for (size_t at = 1; at < call.count(); ++at) {
        Entry* entry = call.find_untouched(at);
        if (entry == nullptr) continue;
        call.keyspace().access_clock().touch(*entry);
        ++found;
    }
    call.reply().integer(found);
    return done();
}

Status type(Call& call) {
    const Entry* entry = call.find_untouched(1);
    call.reply().simple(entry == nullptr ? "none" : keyspace::type_name(entry->type()));
    return done();
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::keys::lookup
