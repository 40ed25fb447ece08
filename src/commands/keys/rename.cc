// SPDX-License-Identifier: BSD-3-Clause
//
// RENAME, RENAMENX: a value gets another name and keeps its expiry.

#include "commands/support/relocation.h"
#include "engine/command.h"

namespace millrace::commands::keys::rename {
namespace {

using namespace engine;
using namespace support;

Status rename(Call& call);
Status renamenx(Call& call);

constexpr KeySpec kRenameKeys[] = {
    {.first = 1, .flags = kRW | kKeyAccess | kKeyDelete},
    {.first = 2, .flags = kOW | kKeyUpdate},
};
constexpr Arg kRenameArgs[] = {{"key", ArgType::Key, 0}, {"newkey", ArgType::Key, 1}};
constexpr KeySpec kRenamenxKeys[] = {
    {.first = 1, .flags = kRW | kKeyAccess | kKeyDelete},
    {.first = 2, .flags = kOW | kKeyInsert},
};
constexpr HistoryEntry kRenamenxHistory[] = {{"3.2.0", "The two names may be the same."}};

constexpr CommandSpec kCommands[] = {
    {.name = "RENAME",
     .summary = "Gives a key another name; what had that name is lost.",
     .since = "1.0.0",
     .group = Group::Generic,
     .complexity = "O(1)",
     .arity = 3,
     .flags = kWrite,
     .keys = kRenameKeys,
     .args = kRenameArgs,
     .run = rename},
    {.name = "RENAMENX",
     .summary = "Gives a key another name if no key has it.",
     .since = "1.0.0",
     .group = Group::Generic,
     .complexity = "O(1)",
     .arity = 3,
     .flags = kWrite | kFast,
     .keys = kRenamenxKeys,
     .args = kRenameArgs,
     .history = kRenamenxHistory,
     .run = renamenx},
};

enum class Outcome : uint8_t { Renamed, SameName, Taken };

Result<Outcome> rename_unless(Call& call, bool unless_taken) {
    if (call.peek(1) == nullptr) return errors::kNoSuchKey;
    if (call.arg(1) == call.arg(2)) return Outcome::SameName;
    if (unless_taken && call.peek(2) != nullptr) return Outcome::Taken;

    KeyEdit source = call.edit(1);
    relocate(call, source, {call.arg(2), call.db()});
    call.engine().emit(EventClass::Generic, "rename_from", call.arg(1), call.db());
    call.engine().emit(EventClass::Generic, "rename_to", call.arg(2), call.db());
    return Outcome::Renamed;
}

Status rename(Call& call) {
    (void)TRY(rename_unless(call, false));
    call.reply().ok();
    return done();
}

Status renamenx(Call& call) {
    const Outcome outcome = TRY(rename_unless(call, true));
    call.reply().integer(outcome == Outcome::Renamed ? 1 : 0);
    return done();
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::keys::rename
