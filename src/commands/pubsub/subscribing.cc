// SPDX-License-Identifier: BSD-3-Clause
//
// SUBSCRIBE, UNSUBSCRIBE, and the same for patterns and shard channels: listening to messages.

#include <string>
#include <vector>

#include "engine/command.h"
#include "engine/pubsub.h"

namespace millrace::commands::pubsub::subscribing {
namespace {

using namespace engine;
using Kind = PubSub::Kind;

Status subscribe(Call& call);
Status unsubscribe(Call& call);
Status psubscribe(Call& call);
Status punsubscribe(Call& call);
Status ssubscribe(Call& call);
Status sunsubscribe(Call& call);

constexpr Arg kSubscribeArgs[] = {
    {.name = "channel", .type = ArgType::String, .flags = kMultiple},
};
constexpr Arg kUnsubscribeArgs[] = {
    {.name = "channel", .type = ArgType::String, .flags = kOptional | kMultiple},
};
constexpr Arg kPsubscribeArgs[] = {
    {.name = "pattern", .type = ArgType::Pattern, .flags = kMultiple},
};
constexpr Arg kPunsubscribeArgs[] = {
    {.name = "pattern", .type = ArgType::Pattern, .flags = kOptional | kMultiple},
};
constexpr KeySpec kSsubscribeKeys[] = {
    {.first = 1, .last = -1, .flags = kKeyNotKey},
};
constexpr Arg kSsubscribeArgs[] = {
    {.name = "shardchannel", .type = ArgType::String, .flags = kMultiple},
};
constexpr KeySpec kSunsubscribeKeys[] = {
    {.first = 1, .last = -1, .flags = kKeyNotKey},
};
constexpr Arg kSunsubscribeArgs[] = {
    {.name = "shardchannel", .type = ArgType::String, .flags = kOptional | kMultiple},
};

constexpr CommandSpec kCommands[] = {
    {.name = "SUBSCRIBE",
     .summary = "Listens to channels.",
     .since = "2.0.0",
     .group = Group::PubSub,
     .complexity = "O(N), N being the channels.",
     .arity = -2,
     .flags = kPubSub | kNoScript | kLoading | kStale | kWhileSubscribed,
     .args = kSubscribeArgs,
     .channels = ChannelUse::Subscribe,
     .run = subscribe},
    {.name = "UNSUBSCRIBE",
     .summary = "Stops listening to channels.",
     .since = "2.0.0",
     .group = Group::PubSub,
     .complexity = "O(N), N being the channels.",
     .arity = -1,
     .flags = kPubSub | kNoScript | kLoading | kStale | kWhileSubscribed,
     .args = kUnsubscribeArgs,
     .run = unsubscribe},
    {.name = "PSUBSCRIBE",
     .summary = "Listens to all channels whose names match patterns.",
     .since = "2.0.0",
     .group = Group::PubSub,
     .complexity = "O(N), N being the patterns.",
     .arity = -2,
     .flags = kPubSub | kNoScript | kLoading | kStale | kWhileSubscribed,
     .args = kPsubscribeArgs,
     .channels = ChannelUse::SubscribePattern,
     .run = psubscribe},
    {.name = "PUNSUBSCRIBE",
     .summary = "Stops listening to channels that match patterns.",
     .since = "2.0.0",
     .group = Group::PubSub,
     .complexity = "O(N), N being the patterns.",
     .arity = -1,
     .flags = kPubSub | kNoScript | kLoading | kStale | kWhileSubscribed,
     .args = kPunsubscribeArgs,
     .run = punsubscribe},
    {.name = "SSUBSCRIBE",
     .summary = "Listens to shard channels.",
     .since = "7.0.0",
     .group = Group::PubSub,
     .complexity = "O(N), N being the channels.",
     .arity = -2,
     .flags = kPubSub | kNoScript | kLoading | kStale | kWhileSubscribed,
     .keys = kSsubscribeKeys,
     .args = kSsubscribeArgs,
     .channels = ChannelUse::Subscribe,
     .run = ssubscribe},
    {.name = "SUNSUBSCRIBE",
     .summary = "Stops listening to shard channels.",
     .since = "7.0.0",
     .group = Group::PubSub,
     .complexity = "O(N), N being the channels.",
     .arity = -1,
     .flags = kPubSub | kNoScript | kLoading | kStale | kWhileSubscribed,
     .keys = kSunsubscribeKeys,
     .args = kSunsubscribeArgs,
     .run = sunsubscribe},
};

// One confirmation: what was done, with which topic (null: with none), and how many remain.
void confirm(Call& call, std::string_view what, const std::string_view* name, Kind kind) {
    const Subscriptions* own = Subscriptions::find(call.session());
    size_t count = 0;
    if (own != nullptr) {
        count = kind == Kind::Shard ? own->count(Kind::Shard)
                                    : own->count(Kind::Channel) + own->count(Kind::Pattern);
    }
    ReplyWriter& reply = call.reply();
    reply.unmute();
    reply.push(3);
    reply.bulk(what);
    if (name == nullptr) {
        reply.null();
    } else {
        reply.bulk(*name);
    }
    reply.integer(static_cast<int64_t>(count));
}

// Who gets one reply a command, as scripts do, cannot listen. Compat: inside of EXEC channels and
// patterns may be subscribed to, shard channels not.
Status check_may_listen(const Call& call, Session& session, Kind kind) {
    if (!session.is(kDenyBlocking)) return done();
    if (kind != Kind::Shard && session.is(kInMulti)) return done();
    const std::string_view name = call.command().spec().name;
    return Error("ERR " + std::string(name) + " isn't allowed for a DENY BLOCKING client");
}

Status join(Call& call, Kind kind, std::string_view what) {
    TRY(check_may_listen(call, call.session(), kind));
    for (size_t at = 1; at < call.count(); ++at) {
        const std::string_view name = call.arg(at);
        call.engine().pubsub().subscribe(call.session(), kind, name);
        confirm(call, what, &name, kind);
    }
    return done();
}

Status leave(Call& call, Kind kind, std::string_view what) {
    std::vector<std::string> names;
    if (call.count() > 1) {
        for (size_t at = 1; at < call.count(); ++at) names.emplace_back(call.arg(at));
    } else if (const Subscriptions* own = Subscriptions::find(call.session())) {
        names = own->names(kind);
    }
    for (const std::string& each : names) {
        call.engine().pubsub().unsubscribe(call.session(), kind, each);
        const std::string_view name = each;
        confirm(call, what, &name, kind);
    }
    if (names.empty()) confirm(call, what, nullptr, kind);
    return done();
}

Status subscribe(Call& call) {
    return join(call, Kind::Channel, "subscribe");
}

Status unsubscribe(Call& call) {
    return leave(call, Kind::Channel, "unsubscribe");
}

Status psubscribe(Call& call) {
    return join(call, Kind::Pattern, "psubscribe");
}

Status punsubscribe(Call& call) {
    return leave(call, Kind::Pattern, "punsubscribe");
}

Status ssubscribe(Call& call) {
    return join(call, Kind::Shard, "ssubscribe");
}

Status sunsubscribe(Call& call) {
    return leave(call, Kind::Shard, "sunsubscribe");
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::commands::pubsub::subscribing
