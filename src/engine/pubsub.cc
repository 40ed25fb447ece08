// SPDX-License-Identifier: BSD-3-Clause
#include "engine/pubsub.h"

#include "base/glob.h"
#include "engine/engine.h"
#include "engine/fanout.h"

namespace millrace::engine {

bool PubSub::subscribe(Session& session, Kind kind, std::string_view name) {
    if (session.subscriptions == nullptr) {
        session.subscriptions = std::make_unique<Subscriptions>(*this, session);
    }
    Subscriptions& subscriber = *Subscriptions::find(session);
    Topics& topics = topics_[static_cast<size_t>(kind)];
    auto found = topics.find(name);
    if (found == topics.end()) {
        auto fresh = std::make_unique<Topic>(Topic{.name = std::string(name), .subscribers = {}});
        found = topics.emplace(fresh->name, std::move(fresh)).first;
    }
    Topic& topic = *found->second;
    if (!subscriber.own(kind).emplace(&topic, topic.subscribers.size()).second) return false;
    topic.subscribers.push_back(&subscriber);
    session.set(kSubscribed, true);
    return true;
}

bool PubSub::unsubscribe(Session& session, Kind kind, std::string_view name) {
    Subscriptions* subscriber = Subscriptions::find(session);
    if (subscriber == nullptr) return false;
    const Topics& topics = topics_[static_cast<size_t>(kind)];
    const auto found = topics.find(name);
    if (found == topics.end() || !subscriber->own(kind).contains(found->second.get())) return false;
    leave(*subscriber, kind, *found->second);
    const bool left = subscriber->count(Kind::Channel) + subscriber->count(Kind::Pattern) +
                          subscriber->count(Kind::Shard) ==
                      0;
    if (left) {
        session.set(kSubscribed, false);
        session.subscriptions.reset();
    }
    return true;
}

void PubSub::leave(Subscriptions& subscriber, Kind kind, Topic& topic) {
    Subscriptions::Places& places = subscriber.own(kind);
    const auto own = places.find(&topic);
    const size_t place = own->second;
    places.erase(own);
    // The last one takes the place that becomes free.
    Subscriptions* last = topic.subscribers.back();
    topic.subscribers.pop_back();
    if (last != &subscriber) {
        topic.subscribers[place] = last;
        last->own(kind)[&topic] = place;
    }
    if (topic.subscribers.empty()) {
        Topics& topics = topics_[static_cast<size_t>(kind)];
        topics.erase(topics.find(topic.name));
    }
}

size_t PubSub::send(const Topic& topic, const PushMessage& message) {
    Fanout fanout(engine_, message);
    for (const Subscriptions* each : topic.subscribers) fanout.send(each->session());
    return topic.subscribers.size();
}

size_t PubSub::publish(std::string_view channel, std::string_view text) {
    size_t receivers = 0;
    const Topics& channels = topics(Kind::Channel);
    if (const auto found = channels.find(channel); found != channels.end()) {
        receivers += send(*found->second, ChannelMessage("message", channel, text));
    }
    for (const auto& [pattern, topic] : topics(Kind::Pattern)) {
        const bool matches = pattern == "*" || glob_match(pattern, channel);
        if (matches) receivers += send(*topic, ChannelMessage("pmessage", pattern, channel, text));
    }
    return receivers;
}

size_t PubSub::publish_in_shard(std::string_view channel, std::string_view text) {
    const Topics& channels = topics(Kind::Shard);
    const auto found = channels.find(channel);
    if (found == channels.end()) return 0;
    return send(*found->second, ChannelMessage("smessage", channel, text));
}

size_t PubSub::subscribers(Kind kind, std::string_view name) const {
    const auto found = topics(kind).find(name);
    return found == topics(kind).end() ? 0 : found->second->subscribers.size();
}

Subscriptions::~Subscriptions() {
    for (const auto kind : {PubSub::Kind::Channel, PubSub::Kind::Pattern, PubSub::Kind::Shard}) {
        while (!own(kind).empty()) pubsub_.leave(*this, kind, *own(kind).begin()->first);
    }
}

void Subscriptions::describe(SessionSummary& summary) const {
    summary.channels = count(PubSub::Kind::Channel);
    summary.patterns = count(PubSub::Kind::Pattern);
    summary.shard_channels = count(PubSub::Kind::Shard);
    const size_t topics = summary.channels + summary.patterns + summary.shard_channels;
    constexpr size_t kBytesEach = sizeof(Places::value_type) + 3 * sizeof(void*);
    summary.memory_bytes += sizeof *this + topics * kBytesEach;
}

}  // namespace millrace::engine
