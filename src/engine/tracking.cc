// SPDX-License-Identifier: BSD-3-Clause
#include "engine/tracking.h"

#include <algorithm>

#include "engine/engine.h"
#include "engine/fanout.h"
#include "protocol/reply_encoder.h"

namespace millrace::engine {
namespace {

// The channel that clients without RESP3 subscribe to. Compat: Valkey kept the name.
constexpr std::string_view kChannel = "__redis__:invalidate";

// "These keys have changed", or all of them without a list.
class Invalidation final : public PushMessage {
public:
    explicit Invalidation(std::vector<std::string_view> keys) : keys_(std::move(keys)) {}
    // Everything; the null is that of the client that tracks, not of the one that is told.
    static Invalidation of_everything(int null_protocol) {
        Invalidation all({});
        all.null_protocol_ = null_protocol;
        return all;
    }

    void encode(ByteBuffer& out, int protocol) const override {
        if (protocol > 2) {
            protocol::encode_push(out, 2, protocol);
            protocol::encode_bulk(out, "invalidate");
        } else {
            protocol::encode_array(out, 3);
            protocol::encode_bulk(out, "message");
            protocol::encode_bulk(out, kChannel);
        }
        if (null_protocol_ != 0) {
            protocol::encode_null(out, null_protocol_);
            return;
        }
        protocol::encode_array(out, keys_.size());
        for (const std::string_view key : keys_) protocol::encode_bulk(out, key);
    }

private:
    std::vector<std::string_view> keys_;
    int null_protocol_ = 0;
};

class RedirectBroken final : public PushMessage {
public:
    explicit RedirectBroken(uint64_t id) : id_(id) {}
    void encode(ByteBuffer& out, int protocol) const override {
        protocol::encode_push(out, 2, protocol);
        protocol::encode_bulk(out, "tracking-redir-broken");
        protocol::encode_integer(out, static_cast<int64_t>(id_));
    }

private:
    uint64_t id_;
};

}  // namespace

// --- the state of one session ---

TrackingState::TrackingState(Tracking& tracking, Session& session)
    : tracking_(tracking), session_(session) {
    tracking_.add(*this);
    session_.set(kTracking, true);
}

TrackingState::~TrackingState() {
    session_.set(kTracking, false);
    tracking_.remove(*this);
}

void TrackingState::add_prefix(std::string_view prefix) {
    prefixes_.push_back(tracking_.add_prefix(*this, prefix));
}

void TrackingState::describe(SessionSummary& summary) const {
    summary.tracking = true;
    summary.tracking_broadcasts = broadcast;
    summary.tracking_redirect_broken = redirect_broken;
    summary.tracking_redirect = static_cast<int64_t>(redirect);
    summary.tracking_prefixes = prefixes_.size();
    // Their names are kept once, for all clients that asked for them.
    constexpr size_t kBytesEach = 2 * sizeof(void*);
    summary.memory_bytes += sizeof *this + prefixes_.size() * kBytesEach;
}

// --- all of them ---

void Tracking::add(TrackingState&) {
    if (clients_++ == 0) engine_.add_change_listener(this);
}

void Tracking::remove(TrackingState& state) {
    for (const std::string* prefix : state.prefixes_) {
        const auto found = prefixes_.find(*prefix);
        std::erase(found->second.clients, &state);
        if (!found->second.clients.empty()) continue;
        if (!found->second.changed.empty()) std::erase(to_broadcast_, &found->second);
        prefixes_.erase(found);
    }
    if (--clients_ > 0) return;
    engine_.remove_change_listener(this);
    table_.clear();
    items_ = 0;
}

const std::string* Tracking::add_prefix(TrackingState& state, std::string_view prefix) {
    auto found = prefixes_.find(prefix);
    if (found == prefixes_.end()) found = prefixes_.try_emplace(std::string(prefix)).first;
    found->second.clients.push_back(&state);
    return &found->first;
}

void Tracking::remember(Session& session, const Request& request) {
    const TrackingState& state = *TrackingState::find(session);
    if (!state.remembers() || request.command->spec().group == Group::Scripting) return;
    positions_.clear();
    if (!find_keys(*request.command, request.arguments(), positions_)) return;
    const Reader reader{session.slot(), session.generation()};
    for (const KeyPosition& each : positions_.all()) {
        const std::string_view key = request.words[static_cast<size_t>(each.at)];
        auto found = table_.find(key);
        if (found == table_.end()) found = table_.try_emplace(std::string(key)).first;
        std::vector<Reader>& readers = found->second;
        const auto place = std::ranges::lower_bound(readers, reader);
        if (place != readers.end() && *place == reader) continue;
        readers.insert(place, reader);
        ++items_;
    }
    enforce_limit();
}

void Tracking::enforce_limit() {
    const uint64_t limit = engine_.settings().tracking_table_max_keys;
    if (limit == 0) return;
    while (table_.size() > limit) invalidate(table_.begin());
}

void Tracking::invalidate(NameMap<std::vector<Reader>>::iterator entry) {
    const Invalidation invalidation({entry->first});
    Fanout message(engine_, invalidation);
    for (const Reader& reader : entry->second) {
        Session* session = engine_.sessions().find(reader.slot, reader.generation);
        TrackingState* state = session == nullptr ? nullptr : TrackingState::find(*session);
        if (state == nullptr || state->broadcast) continue;
        if (state->no_loop && session == engine_.running()) continue;
        send(*state, message);
    }
    items_ -= entry->second.size();
    table_.erase(entry);
}

template <typename Visitor>
void Tracking::for_each_prefix_of(std::string_view key, Visitor&& visitor) {
    std::string_view rest = key;
    for (;;) {
        auto nearest = prefixes_.upper_bound(rest);
        if (nearest == prefixes_.begin()) return;
        --nearest;
        // What is a prefix and comes before the nearest one is no longer than what both share.
        const std::string& name = nearest->first;
        const auto shared = std::ranges::mismatch(name, rest).in1 - name.begin();
        rest = rest.substr(0, static_cast<size_t>(shared));
        if (rest.size() < name.size()) continue;
        visitor(nearest->second);
        if (rest.empty()) return;
        rest.remove_suffix(1);
    }
}

void Tracking::on_key_change(std::string_view key, int) {
    const Session* changer = engine_.running();
    const uint64_t changer_id = changer == nullptr ? 0 : changer->id();
    for_each_prefix_of(key, [&](Prefix& prefix) {
        if (prefix.changed.empty()) to_broadcast_.push_back(&prefix);
        prefix.changed.insert_or_assign(std::string(key), changer_id);
    });
    const auto found = table_.find(key);
    if (found != table_.end()) invalidate(found);
}

void Tracking::on_flush(int, int) {
    engine_.sessions().for_each([&](Session& session) {
        TrackingState* state = TrackingState::find(session);
        if (state == nullptr) return;
        const Invalidation all = Invalidation::of_everything(session.protocol);
        Fanout message(engine_, all);
        send(*state, message);
    });
    table_.clear();
    items_ = 0;
}

void Tracking::flush_broadcasts() {
    enforce_limit();  // It may have been lowered.
    for (Prefix* prefix : std::exchange(to_broadcast_, {})) {
        const NameMap<uint64_t> changed = std::exchange(prefix->changed, {});
        for (TrackingState* state : prefix->clients) {
            std::vector<std::string_view> keys;
            keys.reserve(changed.size());
            for (const auto& [key, changer] : changed) {
                if (!state->no_loop || changer != state->session_.id()) keys.push_back(key);
            }
            if (keys.empty()) continue;
            const Invalidation invalidation(std::move(keys));
            Fanout message(engine_, invalidation);
            send(*state, message);
        }
    }
}

void Tracking::send(TrackingState& state, Fanout& message) {
    Session* target = &state.session_;
    if (state.redirect != 0) {
        target = engine_.sessions().find(state.redirect_slot, state.redirect_generation);
        if (target == nullptr || target->is(kClosing)) {
            state.redirect_broken = true;
            if (state.session_.protocol < 3) return;
            Fanout(engine_, RedirectBroken(state.redirect)).send(state.session_);
            return;
        }
    }
    const bool can_hear = target->protocol > 2 || (state.redirect != 0 && target->is(kSubscribed));
    if (can_hear) message.send(*target);
}

}  // namespace millrace::engine
