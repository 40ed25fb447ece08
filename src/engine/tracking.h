// SPDX-License-Identifier: BSD-3-Clause
//
// Client-side caching: remembers which clients read which keys, or want to hear of keys with which
// prefixes, and tells them when such a key changes.
//
// The table counts keys without their database, as clients do. An entry goes with the first change
// of its key; what is in it of clients that have gone is skipped then.
//
// Owner:   the engine; it outlives all sessions.
// Threads: main thread.
// Limits:  tracking-table-max-keys; keys above it are invalidated at once.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/key_events.h"
#include "engine/key_positions.h"
#include "engine/name_map.h"
#include "engine/session.h"

namespace millrace::engine {

class Engine;
class Fanout;
class TrackingState;

class Tracking final : public KeyChangeListener {
public:
    explicit Tracking(Engine& engine) : engine_(engine) {}

    // A client has read the keys of `request`.
    void remember(Session& session, const Request& request);
    // Tells those who asked for prefixes what has changed; at the end of each turn.
    void flush_broadcasts();

    void on_key_change(std::string_view key, int db) override;
    void on_flush(int begin, int end) override;

    size_t keys() const { return table_.size(); }
    size_t items() const { return items_; }
    size_t prefixes() const { return prefixes_.size(); }

private:
    friend class TrackingState;

    struct Reader {
        ClientSlot slot;
        uint32_t generation;
        auto operator<=>(const Reader&) const = default;
    };
    struct Prefix {
        std::vector<TrackingState*> clients;
        NameMap<uint64_t> changed;  // And the client that did it last; 0: none.
    };

    using Prefixes = std::map<std::string, Prefix, std::less<>>;

    void add(TrackingState& state);
    void remove(TrackingState& state);
    // Visits those that the key begins with, longest first.
    template <typename Visitor>
    void for_each_prefix_of(std::string_view key, Visitor&& visitor);
    const std::string* add_prefix(TrackingState& state, std::string_view prefix);
    void invalidate(NameMap<std::vector<Reader>>::iterator entry);
    void enforce_limit();
    void send(TrackingState& state, Fanout& message);

    Engine& engine_;
    size_t clients_ = 0;
    NameMap<std::vector<Reader>> table_;  // Readers in order.
    size_t items_ = 0;
    Prefixes prefixes_;
    std::vector<Prefix*> to_broadcast_;  // Those under which something has changed.
    KeyPositions positions_;  // Kept for its memory only.
};

// What CLIENT TRACKING has set up for one session; Session::tracking, absent while tracking is off.
class TrackingState final : public SessionExtension {
public:
    // Whether CLIENT CACHING has something to say about the next command.
    enum class Caching : uint8_t { Unsaid, Yes, No };

    TrackingState(Tracking& tracking, Session& session);
    ~TrackingState() override;
    static TrackingState* find(const Session& session) {
        return static_cast<TrackingState*>(session.tracking.get());
    }

    void add_prefix(std::string_view prefix);
    const std::vector<const std::string*>& prefixes() const { return prefixes_; }
    // Whether the keys of what runs now are to be remembered.
    bool remembers() const {
        if (broadcast) return false;
        return opt_in ? caching == Caching::Yes : !opt_out || caching != Caching::No;
    }

    bool broadcast = false;
    bool opt_in = false;
    bool opt_out = false;
    bool no_loop = false;
    bool redirect_broken = false;
    Caching caching = Caching::Unsaid;
    uint64_t redirect = 0;  // The client that gets the invalidations; 0: this one.
    ClientSlot redirect_slot = 0;
    uint32_t redirect_generation = 0;

    void describe(SessionSummary& summary) const override;

private:
    friend class Tracking;
    Tracking& tracking_;
    Session& session_;
    std::vector<const std::string*> prefixes_;  // Names in Tracking::prefixes_.
};

}  // namespace millrace::engine
