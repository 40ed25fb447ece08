// SPDX-License-Identifier: BSD-3-Clause
//
// Pub/sub: who listens to which channels, patterns and shard channels.
//
// A topic knows its subscribers, a subscriber its topics and its place in each, so that joining and
// leaving take the same time however many there are. Topics stand in the order in which they came
// into being, and whoever leaves all of its topics leaves them in the order in which it joined:
// Valkey does so where they are few, and clients count on it.
//
// Owner:   the engine; it outlives all sessions.
// Threads: main thread.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/session.h"

namespace millrace::engine {

class Engine;
class PushMessage;
class Subscriptions;

class PubSub {
public:
    enum class Kind : uint8_t { Channel, Pattern, Shard };

    struct Topic {
        std::string name;
        std::vector<Subscriptions*> subscribers;
    };
    class Topics {
    public:
        Topic* find(std::string_view name);
        const Topic* find(std::string_view name) const;
        Topic& add(std::string_view name);  // It is not there.
        void remove(const Topic& topic);
        size_t size() const { return in_order_.size(); }
        std::list<Topic>::const_iterator begin() const { return in_order_.begin(); }
        std::list<Topic>::const_iterator end() const { return in_order_.end(); }

    private:
        std::list<Topic> in_order_;
        std::unordered_map<std::string_view, std::list<Topic>::iterator> by_name_;
    };

    explicit PubSub(Engine& engine) : engine_(engine) {}

    // False: it was subscribed already.
    bool subscribe(Session& session, Kind kind, std::string_view name);
    bool unsubscribe(Session& session, Kind kind, std::string_view name);

    // To those who listen to the channel and to patterns that match it. How many got it.
    size_t publish(std::string_view channel, std::string_view text);
    size_t publish_in_shard(std::string_view channel, std::string_view text);

    // Whether nobody listens to anything.
    bool empty() const { return count(Kind::Channel) == 0 && count(Kind::Pattern) == 0; }
    size_t count(Kind kind) const { return topics_[static_cast<size_t>(kind)].size(); }
    const Topics& topics(Kind kind) const { return topics_[static_cast<size_t>(kind)]; }
    size_t subscribers(Kind kind, std::string_view name) const;

private:
    friend class Subscriptions;
    void leave(Subscriptions& subscriber, Kind kind, Topic& topic);
    size_t send(const Topic& topic, const PushMessage& message);

    Engine& engine_;
    std::array<Topics, 3> topics_;
};

// What one session listens to.
class Subscriptions final : public SessionExtension {
public:
    struct Place {
        size_t at = 0;        // Among the topic's subscribers.
        uint64_t number = 0;  // How many this one had joined before.
    };
    using Places = std::unordered_map<PubSub::Topic*, Place>;

    Subscriptions(PubSub& pubsub, Session& session) : pubsub_(pubsub), session_(session) {}
    ~Subscriptions() override;

    static Subscriptions* find(const Session& session) {
        return static_cast<Subscriptions*>(session.subscriptions.get());
    }
    // In the order in which they were joined.
    std::vector<std::string> names(PubSub::Kind kind) const;
    size_t count(PubSub::Kind kind) const { return places(kind).size(); }
    Session& session() const { return session_; }

    void describe(SessionSummary& summary) const override;

private:
    friend class PubSub;
    const Places& places(PubSub::Kind kind) const { return places_[static_cast<size_t>(kind)]; }
    Places& own(PubSub::Kind kind) { return places_[static_cast<size_t>(kind)]; }

    PubSub& pubsub_;
    Session& session_;
    std::array<Places, 3> places_;
    uint64_t joined_ = 0;
};

}  // namespace millrace::engine
