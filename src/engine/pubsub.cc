// SPDX-License-Identifier: BSD-3-Clause
#include "engine/pubsub.h"

#include <algorithm>
#include <utility>

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
    Topic* topic = topics.find(name);
    if (topic == nullptr) topic = &topics.add(name);
    const Subscriptions::Place place{topic->subscribers.size(), subscriber.joined_};
    if (!subscriber.own(kind).emplace(topic, place).second) return false;
    ++subscriber.joined_;
    topic->subscribers.push_back(&subscriber);
    session.set(kSubscribed, true);
    return true;
}

bool PubSub::unsubscribe(Session& session, Kind kind, std::string_view name) {
    Subscriptions* subscriber = Subscriptions::find(session);
    if (subscriber == nullptr) return false;
    Topic* const topic = topics_[static_cast<size_t>(kind)].find(name);
    if (topic == nullptr || !subscriber->own(kind).contains(topic)) return false;
    leave(*subscriber, kind, *topic);
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
    const size_t place = own->second.at;
    places.erase(own);
    // The last one takes the place that becomes free.
    Subscriptions* last = topic.subscribers.back();
    topic.subscribers.pop_back();
    if (last != &subscriber) {
        topic.subscribers[place] = last;
        last->own(kind)[&topic].at = place;
    }
    if (topic.subscribers.empty()) topics_[static_cast<size_t>(kind)].remove(topic);
}

size_t PubSub::send(const Topic& topic, const PushMessage& message) {
    Fanout fanout(engine_, message);
    for (const Subscriptions* each : topic.subscribers) fanout.send(each->session());
    return topic.subscribers.size();
}

size_t PubSub::publish(std::string_view channel, std::string_view text) {
    size_t receivers = 0;
    if (const Topic* topic = topics(Kind::Channel).find(channel)) {
        receivers += send(*topic, ChannelMessage("message", channel, text));
    }
    for (const Topic& topic : topics(Kind::Pattern)) {
        const bool matches = topic.name == "*" || glob_match(topic.name, channel);
        if (!matches) continue;
        receivers += send(topic, ChannelMessage("pmessage", topic.name, channel, text));
    }
    return receivers;
}

size_t PubSub::publish_in_shard(std::string_view channel, std::string_view text) {
    const Topic* const topic = topics(Kind::Shard).find(channel);
    return topic != nullptr ? send(*topic, ChannelMessage("smessage", channel, text)) : 0;
}

size_t PubSub::subscribers(Kind kind, std::string_view name) const {
    const Topic* const topic = topics(kind).find(name);
    return topic != nullptr ? topic->subscribers.size() : 0;
}

// ---- Topics ----

auto PubSub::Topics::find(std::string_view name) const -> const Topic* {
    const auto found = by_name_.find(name);
    return found != by_name_.end() ? &*found->second : nullptr;
}

auto PubSub::Topics::find(std::string_view name) -> Topic* {
    return const_cast<Topic*>(std::as_const(*this).find(name));
}

auto PubSub::Topics::add(std::string_view name) -> Topic& {
    const auto added =
        in_order_.insert(in_order_.end(), Topic{.name = std::string(name), .subscribers = {}});
    by_name_.emplace(added->name, added);
    return *added;
}

void PubSub::Topics::remove(const Topic& topic) {
    const auto found = by_name_.find(topic.name);
    const auto place = found->second;
    by_name_.erase(found);
    in_order_.erase(place);
}

// ---- Subscribers ----

std::vector<std::string> Subscriptions::names(PubSub::Kind kind) const {
    std::vector<std::pair<uint64_t, const PubSub::Topic*>> topics;
    topics.reserve(count(kind));
    for (const auto& [topic, place] : places(kind)) topics.emplace_back(place.number, topic);
    std::sort(topics.begin(), topics.end());
    std::vector<std::string> names;
    names.reserve(topics.size());
    for (const auto& [number, topic] : topics) names.push_back(topic->name);
    return names;
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
