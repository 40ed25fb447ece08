// SPDX-License-Identifier: BSD-3-Clause
//
// SAVE, BGSAVE: the whole dataset to its file.

#include "engine/command.h"

namespace millrace::persistence::commands::save {
namespace {

using namespace engine;

Status save(Call& call);
Status bgsave(Call& call);

constexpr Arg kBgsaveOperations[] = {
    {.name = "schedule", .type = ArgType::PureToken, .token = "SCHEDULE", .since = "3.2.2"},
    {.name = "cancel", .type = ArgType::PureToken, .token = "CANCEL", .since = "8.1.0"},
};
constexpr Arg kBgsaveArgs[] = {
    {.name = "operation",
     .type = ArgType::OneOf,
     .flags = kOptional,
     .children = kBgsaveOperations},
};
constexpr HistoryEntry kBgsaveHistory[] = {
    {"3.2.2", "SCHEDULE."},
    {"8.1.0", "CANCEL."},
};

constexpr CommandSpec kCommands[] = {
    {.name = "SAVE",
     .summary = "Writes all databases to disk and serves nobody meanwhile.",
     .since = "1.0.0",
     .group = Group::Server,
     .complexity = "O(N) where N is the total number of keys in all databases",
     .arity = 1,
     .flags = kAdmin | kNoScript | kNoAsyncLoading | kNoMulti,
     .run = save},
    {.name = "BGSAVE",
     .summary = "Writes all databases to disk in the background.",
     .since = "1.0.0",
     .group = Group::Server,
     .complexity = "O(1)",
     .arity = -1,
     .flags = kAdmin | kNoScript | kNoAsyncLoading,
     .args = kBgsaveArgs,
     .history = kBgsaveHistory,
     .run = bgsave},
};

constexpr ErrorText kNoDisk{"ERR There is no disk"};

Status save(Call& call) {
    PersistenceControl* persistence = call.engine().persistence();
    if (persistence == nullptr) return kNoDisk;
    TRY(persistence->save());
    call.reply().ok();
    return done();
}

Status bgsave(Call& call) {
    PersistenceControl* persistence = call.engine().persistence();
    if (persistence == nullptr) return kNoDisk;
    const bool cancels = call.count() == 2 && call.arg_is(1, "CANCEL");
    const bool schedules = call.count() == 2 && call.arg_is(1, "SCHEDULE");
    if (call.count() > 1 && !schedules && !cancels) return errors::kSyntax;
    call.reply().simple(cancels ? TRY(persistence->cancel_background_save())
                                : TRY(persistence->save_in_background(schedules)));
    return done();
}

}  // namespace

extern const CommandTable kTable{kCommands};

}  // namespace millrace::persistence::commands::save
