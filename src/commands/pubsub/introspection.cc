// SPDX-License-Identifier: BSD-3-Clause
//
// PUBSUB: who listens to what.

#include <vector>

#include "base/glob.h"
#include "base/token.h"
#include "engine/command.h"
#include "engine/help.h"
#include "engine/pubsub.h"

namespace millrace::commands::pubsub::introspection {
namespace {

using namespace engine;
using Kind = PubSub::Kind;

Status channels(Call& call);
Status help(Call& call);
Status numpat(Call& call);
Status numsub(Call& call);
Status shardchannels(Call& call);
Status shardnumsub(Call& call);

constexpr Arg kPubsubChannelsArgs[] = {
    {.name = "pattern", .type = ArgType::Pattern, .flags = kOptional},
};
constexpr Arg kPubsubNumsubArgs[] = {
    {.name = "channel", .type = ArgType::String, .flags = kOptional | kMultiple},
};
constexpr Arg kPubsubShardchannelsArgs[] = {
    {.name = "pattern", .type = ArgType::Pattern, .flags = kOptional},
};
constexpr Arg kPubsubShardnumsubArgs[] = {
    {.name = "shardchannel", .type = ArgType::String, .flags = kOptional | kMultiple},
};

constexpr CommandSpec kPubsubSubcommands[] = {
    {.name = "CHANNELS",
     .summary = "Lists the channels that somebody listens to.",
     .since = "2.8.0",
     .group = Group::PubSub,
     .complexity = "O(N), N being all channels.",
     .arity = -2,
     .flags = kPubSub | kLoading | kStale,
     .args = kPubsubChannelsArgs,
     .run = channels},
    {.name = "HELP",
     .summary = "Explains the subcommands.",
     .since = "6.2.0",
     .group = Group::PubSub,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kLoading | kStale,
     .run = help},
    {.name = "NUMPAT",
     .summary = "Counts the patterns that somebody listens to.",
     .since = "2.8.0",
     .group = Group::PubSub,
     .complexity = "O(1)",
     .arity = 2,
     .flags = kPubSub | kLoading | kStale,
     .run = numpat},
    {.name = "NUMSUB",
     .summary = "Counts who listens to each of these channels.",
     .since = "2.8.0",
     .group = Group::PubSub,
     .complexity = "O(N), N being the channels named.",
     .arity = -2,
     .flags = kPubSub | kLoading | kStale,
     .args = kPubsubNumsubArgs,
     .run = numsub},
    {.name = "SHARDCHANNELS",
     .summary = "Lists the shard channels that somebody listens to.",
     .since = "7.0.0",
     .group = Group::PubSub,
     .complexity = "O(N), N being all shard channels.",
     .arity = -2,
     .flags = kPubSub | kLoading | kStale,
     .args = kPubsubShardchannelsArgs,
     .run = shardchannels},
    {.name = "SHARDNUMSUB",
     .summary = "Counts who listens to each of these shard channels.",
     .since = "7.0.0",
     .group = Group::PubSub,
     .complexity = "O(N), N being the channels named.",
     .arity = -2,
     .flags = kPubSub | kLoading | kStale,
     .args = kPubsubShardnumsubArgs,
     .run = shardnumsub},
};

constexpr CommandSpec kCommands[] = {
    {.name = "PUBSUB",
     .summary = "Commands about who listens to what.",
     .since = "2.8.0",
     .group = Group::PubSub,
     .complexity = "That of the subcommand.",
     .arity = -2,
     .subcommands = kPubsubSubcommands},
};

constexpr std::string_view kHelp[] = {
    "CHANNELS [<pattern>]",
    "    The channels that somebody listens to, all or those that match.",
    "NUMPAT",
    "    How many different patterns somebody listens to.",
    "NUMSUB [<channel> ...]",
    "    How many listen to each of these channels, patterns left aside.",
    "SHARDCHANNELS [<pattern>]",
    "    The shard channels that somebody listens to, all or those that match.",
    "SHARDNUMSUB [<shardchannel> ...]",
    "    How many listen to each of these shard channels.",
};

Status help(Call& call) {
    reply_help(call.reply(), "PUBSUB", kHelp);
    return done();
}

Status list(Call& call, Kind kind) {
    if (call.count() > 3) {
        return Error("ERR unknown subcommand or wrong number of arguments for '" +
                     std::string(until_zero(call.arg(1))) + "'. Try PUBSUB HELP.");
    }
    const std::string_view pattern = call.count() == 3 ? call.arg(2) : "*";
    std::vector<std::string_view> names;
    for (const PubSub::Topic& topic : call.engine().pubsub().topics(kind)) {
        if (pattern == "*" || glob_match(pattern, topic.name)) names.push_back(topic.name);
    }
    call.reply().array(names.size());
    for (const std::string_view name : names) call.reply().bulk(name);
    return done();
}

Status count_each(Call& call, Kind kind) {
    call.reply().array((call.count() - 2) * 2);
    for (size_t at = 2; at < call.count(); ++at) {
        call.reply().bulk(call.arg(at));
        const size_t count = call.engine().pubsub().subscribers(kind, call.arg(at));
        call.reply().integer(static_cast<int64_t>(count));
    }
    return done();
}

Status channels(Call& call) {
    return list(call, Kind::Channel);
}

Status shardchannels(Call& call) {
    return list(call, Kind::Shard);
}

Status numsub(Call& call) {
    return count_each(call, Kind::Channel);
}

Status shardnumsub(Call& call) {
    return count_each(call, Kind::Shard);
}

Status numpat(Call& call) {
    call.reply().integer(static_cast<int64_t>(call.engine().pubsub().count(Kind::Pattern)));
    return done();
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::pubsub::introspection
