// SPDX-License-Identifier: BSD-3-Clause
//
// PSYNC, REPLCONF, SYNC: what replicas ask of a primary. There is no replication yet, so all are
// refused; they are here so that rules of access control can name them.

#include "engine/command.h"

namespace millrace::replication::commands::stream {
namespace {

using namespace engine;

Status no_stream(Call& call);

constexpr Arg kPsyncArgs[] = {
    {.name = "replicationid", .type = ArgType::String},
    {.name = "offset", .type = ArgType::Integer},
};

constexpr CommandSpec kCommands[] = {
    {.name = "PSYNC",
     .summary = "Asks for the stream of changes from some place on.",
     .since = "2.8.0",
     .group = Group::Server,
     .arity = -3,
     .flags = kAdmin | kNoScript | kNoAsyncLoading | kNoMulti,
     .args = kPsyncArgs,
     .run = no_stream},
    {.name = "REPLCONF",
     .summary = "What replicas and primaries tell each other.",
     .since = "3.0.0",
     .group = Group::Server,
     .complexity = "O(1)",
     .arity = -1,
     .flags = kAdmin | kNoScript | kLoading | kStale | kAllowBusy,
     .doc_flags = kSysCmd,
     .run = no_stream},
    {.name = "SYNC",
     .summary = "Asks for the dataset and the stream of changes.",
     .since = "1.0.0",
     .group = Group::Server,
     .arity = 1,
     .flags = kAdmin | kNoScript | kNoAsyncLoading | kNoMulti,
     .run = no_stream},
};

Status no_stream(Call&) {
    return ErrorText{"ERR This server cannot have replicas yet"};
}

}  // namespace

extern const CommandTable kTable{kCommands};

}  // namespace millrace::replication::commands::stream
