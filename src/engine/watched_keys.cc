// SPDX-License-Identifier: BSD-3-Clause
#include "engine/watched_keys.h"

#include <algorithm>

#include "engine/engine.h"
#include "engine/transaction.h"

namespace millrace::engine {

WatchedKeys::Presence WatchedKeys::presence(int db, std::string_view name) const {
    keyspace::Keyspace& keyspace = engine_.keyspace();
    const auto position = keyspace.database(db).find(name, keyspace.hash(name));
    if (!position) return Presence::Absent;
    const int64_t expire_at_ms = position.element()->expire_at_ms();
    const bool expired = expire_at_ms != keyspace::kNoExpiry && expire_at_ms <= keyspace.now_ms();
    return expired ? Presence::Expired : Presence::Live;
}

void WatchedKeys::watch(TransactionState& transaction, int db, std::string_view name) {
    if (keys_.empty()) keys_.resize(static_cast<size_t>(engine_.keyspace().database_count()));
    Keys& keys = keys_[static_cast<size_t>(db)];
    auto found = keys.find(name);
    if (found == keys.end()) {
        if (count_++ == 0) engine_.add_change_listener(this);
        auto fresh =
            std::make_unique<Key>(Key{.db = db, .name = std::string(name), .watchers = {}});
        found = keys.emplace(fresh->name, std::move(fresh)).first;
    }
    Key& key = *found->second;
    const auto is_own = [&](const Watcher& each) { return each.transaction == &transaction; };
    if (std::ranges::any_of(key.watchers, is_own)) return;
    key.watchers.push_back({&transaction, presence(db, name) == Presence::Expired});
    transaction.keys_.push_back(&key);
}

void WatchedKeys::unwatch_all(TransactionState& transaction) {
    for (Key* key : transaction.keys_) {
        std::erase_if(key->watchers,
                      [&](const Watcher& each) { return each.transaction == &transaction; });
        if (!key->watchers.empty()) continue;
        Keys& keys = keys_[static_cast<size_t>(key->db)];
        keys.erase(keys.find(key->name));
        if (--count_ == 0) engine_.remove_change_listener(this);
    }
    transaction.keys_.clear();
}

bool WatchedKeys::any_expired(const TransactionState& transaction) const {
    for (const Key* key : transaction.keys_) {
        if (presence(key->db, key->name) != Presence::Expired) continue;
        for (const Watcher& each : key->watchers) {
            if (each.transaction == &transaction && !each.was_expired) return true;
        }
    }
    return false;
}

void WatchedKeys::on_key_change(std::string_view name, int db) {
    Keys& keys = keys_[static_cast<size_t>(db)];
    if (keys.empty()) return;
    const auto found = keys.find(name);
    if (found == keys.end()) return;
    for (Watcher& each : found->second->watchers) {
        if (each.was_expired && presence(db, name) == Presence::Absent) {
            each.was_expired = false;
        } else {
            each.transaction->touch();
        }
    }
}

void WatchedKeys::flushed(int db) {
    for (auto& [name, key] : keys_[static_cast<size_t>(db)]) {
        if (presence(db, name) == Presence::Absent) continue;
        for (Watcher& each : key->watchers) {
            if (each.was_expired) {
                each.was_expired = false;
            } else {
                each.transaction->touch();
            }
        }
    }
}

void WatchedKeys::on_flush(int begin, int end) {
    for (int db = begin; db < end; ++db) flushed(db);
}

void WatchedKeys::swapped(Keys& keys, int from, int to) {
    for (auto& [name, key] : keys) {
        const Presence before = presence(from, name);
        const Presence after = presence(to, name);
        if (before == Presence::Absent && after == Presence::Absent) continue;
        for (Watcher& each : key->watchers) {
            if (each.was_expired && after == Presence::Absent) {
                each.was_expired = false;
            } else if (each.was_expired && after == Presence::Expired) {
                continue;
            } else if (before == Presence::Absent && after == Presence::Expired) {
                each.was_expired = true;
            } else {
                each.transaction->touch();
            }
        }
    }
}

void WatchedKeys::on_swap(int first, int second) {
    swapped(keys_[static_cast<size_t>(first)], first, second);
    swapped(keys_[static_cast<size_t>(second)], second, first);
}

}  // namespace millrace::engine
