// SPDX-License-Identifier: BSD-3-Clause
//
// TTL, PTTL, EXPIRETIME, PEXPIRETIME: when a key will go. -1: never; -2: there is no such key.

#include <algorithm>
#include <cstdint>

#include "commands/support/expiry.h"
#include "engine/command.h"

namespace millrace::commands::keys::ttl {
namespace {

using namespace engine;
using namespace support;
using keyspace::Entry;
using keyspace::kNoExpiry;

Status ttl(Call& call);
Status pttl(Call& call);
Status expiretime(Call& call);
Status pexpiretime(Call& call);

constexpr KeySpec kTtlKeys[] = {{.first = 1, .flags = kRO | kKeyAccess}};
constexpr Arg kTtlArgs[] = {{"key", ArgType::Key, 0}};
constexpr std::string_view kTtlTips[] = {"nondeterministic_output"};
constexpr HistoryEntry kTtlHistory[] = {{"2.8.0", "New reply -2 for a missing key."}};

constexpr CommandSpec kCommands[] = {
    {.name = "TTL",
     .summary = "Tells how many seconds a key has left to live.",
     .since = "1.0.0",
     .group = Group::Generic,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kReadOnly | kFast,
     .keys = kTtlKeys,
     .args = kTtlArgs,
     .tips = kTtlTips,
     .history = kTtlHistory,
     .run = ttl},
    {.name = "PTTL",
     .summary = "Tells how many milliseconds a key has left to live.",
     .since = "2.6.0",
     .group = Group::Generic,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kReadOnly | kFast,
     .keys = kTtlKeys,
     .args = kTtlArgs,
     .tips = kTtlTips,
     .history = kTtlHistory,
     .run = pttl},
    {.name = "EXPIRETIME",
     .summary = "Tells when a key expires, as a Unix time in seconds.",
     .since = "7.0.0",
     .group = Group::Generic,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kReadOnly | kFast,
     .keys = kTtlKeys,
     .args = kTtlArgs,
     .run = expiretime},
    {.name = "PEXPIRETIME",
     .summary = "Tells when a key expires, as a Unix time in milliseconds.",
     .since = "7.0.0",
     .group = Group::Generic,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kReadOnly | kFast,
     .keys = kTtlKeys,
     .args = kTtlArgs,
     .run = pexpiretime},
};

constexpr int64_t kNever = -1;
constexpr int64_t kMissing = -2;

// Whole seconds, halves up; nothing here is negative.
int64_t rounded_seconds(int64_t ms) {
    return ms / 1000 + (ms % 1000 >= 500 ? 1 : 0);
}

Status reply_expiry(Call& call, TimeForm form) {
    const Entry* entry = call.find_untouched(1);
    const int64_t at_ms = entry == nullptr ? kNoExpiry : entry->expire_at_ms();
    if (at_ms == kNoExpiry) {
        call.reply().integer(entry == nullptr ? kMissing : kNever);
        return done();
    }
    const int64_t since_ms = form.base == TimeBase::Now ? call.now_ms() : 0;
    const int64_t ms = std::max<int64_t>(at_ms - since_ms, 0);
    call.reply().integer(form.unit == TimeUnit::Seconds ? rounded_seconds(ms) : ms);
    return done();
}

Status ttl(Call& call) {
    return reply_expiry(call, kInSeconds);
}
Status pttl(Call& call) {
    return reply_expiry(call, kInMilliseconds);
}
Status expiretime(Call& call) {
    return reply_expiry(call, kAtSeconds);
}
Status pexpiretime(Call& call) {
    return reply_expiry(call, kAtMilliseconds);
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::keys::ttl
