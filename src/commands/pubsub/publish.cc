// SPDX-License-Identifier: BSD-3-Clause
//
// PUBLISH, SPUBLISH: sending messages.

#include "engine/command.h"
#include "engine/pubsub.h"

namespace millrace::commands::pubsub::publish {
namespace {

using namespace engine;

Status publish(Call& call);
Status spublish(Call& call);

constexpr Arg kPublishArgs[] = {
    {.name = "channel", .type = ArgType::String},
    {.name = "message", .type = ArgType::String},
};
constexpr KeySpec kSpublishKeys[] = {
    {.first = 1, .flags = kKeyNotKey},
};
constexpr Arg kSpublishArgs[] = {
    {.name = "shardchannel", .type = ArgType::String},
    {.name = "message", .type = ArgType::String},
};

constexpr CommandSpec kCommands[] = {
    {.name = "PUBLISH",
     .summary = "Sends a message to all who listen to a channel.",
     .since = "2.0.0",
     .group = Group::PubSub,
     .complexity = "O(N+M), N being those who listen to the channel and M all patterns.",
     .arity = 3,
     .flags = kPubSub | kLoading | kStale | kFast | kMayReplicate,
     .args = kPublishArgs,
     .channels = ChannelUse::Publish,
     .run = publish},
    {.name = "SPUBLISH",
     .summary = "Sends a message to all who listen to a shard channel.",
     .since = "7.0.0",
     .group = Group::PubSub,
     .complexity = "O(N), N being those who listen to the channel.",
     .arity = 3,
     .flags = kPubSub | kLoading | kStale | kFast | kMayReplicate,
     .keys = kSpublishKeys,
     .args = kSpublishArgs,
     .channels = ChannelUse::Publish,
     .run = spublish},
};

// Compat: replicas repeat the message for those who listen there.
Status finish(Call& call, size_t receivers) {
    call.propagate_to_replicas(call.arguments());
    call.reply().integer(static_cast<int64_t>(receivers));
    return done();
}

Status publish(Call& call) {
    return finish(call, call.engine().pubsub().publish(call.arg(1), call.arg(2)));
}

Status spublish(Call& call) {
    return finish(call, call.engine().pubsub().publish_in_shard(call.arg(1), call.arg(2)));
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::pubsub::publish
