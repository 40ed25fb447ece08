// SPDX-License-Identifier: BSD-3-Clause
//
// DELIFEQ: deletes a key if its string is the one that the client expects, as locks are released.

#include "commands/support/text.h"
#include "engine/command.h"

namespace millrace::commands::strings::compare {
namespace {

using namespace engine;
using namespace support;
using keyspace::ValueType;

Status delifeq(Call& call);

constexpr KeySpec kDelifeqKeys[] = {{.first = 1, .flags = kRM | kKeyDelete}};
constexpr Arg kDelifeqArgs[] = {{"key", ArgType::Key, 0}, {"value", ArgType::String}};

constexpr CommandSpec kCommands[] = {
    {.name = "DELIFEQ",
     .summary = "Deletes a key if its value equals the given string.",
     .since = "9.0.0",
     .group = Group::String,
     .complexity = "O(1)",
     .arity = 3,
     .flags = kWrite | kFast,
     .keys = kDelifeqKeys,
     .args = kDelifeqArgs,
     .run = delifeq},
};

Status delifeq(Call& call) {
    KeyEdit edit = TRY(call.edit(1, ValueType::String));
    if (!edit.exists() || StringText(*edit.entry()).view() != call.arg(2)) {
        call.reply().integer(0);
        return done();
    }
    edit.remove();
    edit.commit(EventClass::Generic, "del");
    // The comparison has been made; whoever replays the deletion need not repeat it.
    call.propagate_as({"DEL", call.arg(1)});
    call.reply().integer(1);
    return done();
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::strings::compare
