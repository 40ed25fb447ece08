// SPDX-License-Identifier: BSD-3-Clause
//
// OBJECT: how a value is kept and how it has been used. Looking does not count as use.

#include <string_view>

#include "engine/command.h"
#include "engine/help.h"
#include "keyspace/collection.h"

namespace millrace::commands::keys::object {
namespace {

using namespace engine;
using keyspace::AccessClock;
using keyspace::Entry;
using keyspace::StringForm;

Status encoding(Call& call);
Status freq(Call& call);
Status help(Call& call);
Status idletime(Call& call);
Status refcount(Call& call);

constexpr KeySpec kObjectEncodingKeys[] = {{.first = 2, .flags = kRO}};
constexpr Arg kObjectEncodingArgs[] = {{"key", ArgType::Key, 0}};
constexpr std::string_view kObjectEncodingTips[] = {"nondeterministic_output"};
constexpr CommandSpec kObjectCommands[] = {
    {.name = "ENCODING",
     .summary = "Names the encoding of the value at a key.",
     .since = "2.2.3",
     .group = Group::Generic,
     .complexity = "O(1)",
     .arity = 3,
     .flags = kReadOnly,
     .keys = kObjectEncodingKeys,
     .args = kObjectEncodingArgs,
     .tips = kObjectEncodingTips,
     .run = encoding},
    {.name = "FREQ",
     .summary = "Gets the logarithmic counter of how often a key is used.",
     .since = "4.0.0",
     .group = Group::Generic,
     .complexity = "O(1)",
     .arity = 3,
     .flags = kReadOnly,
     .keys = kObjectEncodingKeys,
     .args = kObjectEncodingArgs,
     .tips = kObjectEncodingTips,
     .run = freq},
    {.name = "HELP",
     .summary = "Describes the subcommands.",
     .since = "6.2.0",
     .group = Group::Generic,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kLoading | kStale,
     .run = help},
    {.name = "IDLETIME",
     .summary = "Tells how many seconds ago a key was last used.",
     .since = "2.2.3",
     .group = Group::Generic,
     .complexity = "O(1)",
     .arity = 3,
     .flags = kReadOnly,
     .keys = kObjectEncodingKeys,
     .args = kObjectEncodingArgs,
     .tips = kObjectEncodingTips,
     .run = idletime},
    {.name = "REFCOUNT",
     .summary = "Gets the reference count of the value at a key.",
     .since = "2.2.3",
     .group = Group::Generic,
     .complexity = "O(1)",
     .arity = 3,
     .flags = kReadOnly,
     .keys = kObjectEncodingKeys,
     .args = kObjectEncodingArgs,
     .tips = kObjectEncodingTips,
     .run = refcount},
};

constexpr CommandSpec kCommands[] = {
    {.name = "OBJECT",
     .summary = "Groups the commands that look into how values are kept.",
     .since = "2.2.3",
     .group = Group::Generic,
     .complexity = "That of the subcommand.",
     .arity = -2,
     .subcommands = kObjectCommands},
};

constexpr ErrorText kNotFrequency{
    "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that "
    "when switching between policies at runtime LRU and LFU data will take some time to adjust."};
constexpr ErrorText kNotRecency{
    "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that "
    "when switching between policies at runtime LRU and LFU data will take some time to adjust."};

// Compat: counts as a hit or miss, but a miss is no event. Answers null if there is no such key.
const Entry* look(Call& call) {
    const Entry* entry = call.peek(2);
    keyspace::KeyspaceCounters& counters = call.keyspace().counters();
    ++(entry == nullptr ? counters.misses : counters.hits);
    if (entry == nullptr) call.reply().null();
    return entry;
}

Status encoding(Call& call) {
    const Entry* entry = look(call);
    if (entry != nullptr) call.reply().bulk(encoding_name(*entry));
    return done();
}

Status refcount(Call& call) {
    if (look(call) != nullptr) call.reply().integer(1);  // Values are never shared.
    return done();
}

Status idletime(Call& call) {
    const Entry* entry = look(call);
    if (entry == nullptr) return done();
    const AccessClock& clock = call.keyspace().access_clock();
    if (clock.policy() == AccessClock::Policy::Frequency) return kNotRecency;
    call.reply().integer(clock.idle_seconds(*entry));
    return done();
}

Status freq(Call& call) {
    const Entry* entry = look(call);
    if (entry == nullptr) return done();
    const AccessClock& clock = call.keyspace().access_clock();
    if (clock.policy() != AccessClock::Policy::Frequency) return kNotFrequency;
    call.reply().integer(clock.frequency(*entry));
    return done();
}

Status help(Call& call) {
    constexpr std::string_view kLines[] = {
        "ENCODING <key>",
        "    How the value is kept.",
        "FREQ <key>",
        "    How often the key is used, as a logarithmic counter that decays with time.",
        "IDLETIME <key>",
        "    How many seconds ago the key was last used.",
        "REFCOUNT <key>",
        "    How many references to the value there are.",
    };
    reply_help(call.reply(), "OBJECT", kLines);
    return done();
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::keys::object
